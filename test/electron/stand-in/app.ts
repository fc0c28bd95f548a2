import { EventEmitter } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PreventableEvent } from './events.ts'
import { SingleInstanceLock } from './single-instance.ts'

/** What the app needs of its windows when it ends. */
export interface OpenWindows {
  /** All windows, each of which may prevent being closed. */
  close(): void
  /** All windows, at once and without asking. */
  destroy(): void
  count(): number
}

/** `app`: life cycle, paths, the one-instance lock. Quitting goes the way that Electron documents. */
export class App extends EventEmitter {
  readonly isPackaged = false
  readonly commandLine = { appendSwitch() {}, appendArgument() {}, hasSwitch: () => false, getSwitchValue: () => '' }
  readonly #root: string
  readonly #version: string
  readonly #paths = new Map<string, string>()
  readonly #end: () => void
  #windows: OpenWindows = { close() {}, destroy() {}, count: () => 0 }
  #name: string
  #ready = false
  #quitting = false
  #sandboxed = false
  #lock: SingleInstanceLock | null = null

  /** `root` holds package.json; `end` gives back what the stand-in holds. */
  constructor(root: string, end: () => void) {
    super()
    this.#root = root
    this.#end = end
    const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    this.#name = String(name)
    this.#version = String(version)
    this.on('stand-in-last-window-closed', () => this.#lastWindowClosed())
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      // Chromium turns these into a quit, unless the app listens itself.
      process.on(signal, () => {
        if (process.listenerCount(signal) === 1) this.quit()
      })
    }
  }

  get name(): string {
    return this.#name
  }

  getName(): string {
    return this.#name
  }

  setName(name: string): void {
    this.#name = name
  }

  getVersion(): string {
    return this.#version
  }

  getAppPath(): string {
    return this.#root
  }

  getPath(name: string): string {
    const set = this.#paths.get(name)
    if (set !== undefined) return set
    const data = join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'))
    if (name === 'home') return homedir()
    if (name === 'appData') return data
    if (name === 'userData' || name === 'sessionData') return join(data, this.#name)
    if (name === 'logs') return join(this.getPath('userData'), 'logs')
    if (name === 'temp') return tmpdir()
    if (name === 'exe') return process.execPath
    throw new Error(`Failed to get '${name}' path`)
  }

  setPath(name: string, path: string): void {
    mkdirSync(path, { recursive: true })
    this.#paths.set(name, path)
  }

  enableSandbox(): void {
    if (this.#ready) throw new Error('app.enableSandbox() can only be called before app is ready')
    this.#sandboxed = true
  }

  /** For tests. */
  get standInSandboxed(): boolean {
    return this.#sandboxed
  }

  isReady(): boolean {
    return this.#ready
  }

  whenReady(): Promise<void> {
    return this.#ready ? Promise.resolve() : new Promise((resolve) => this.once('ready', () => resolve()))
  }

  requestSingleInstanceLock(additionalData: unknown = {}): boolean {
    const profile = this.getPath('userData')
    mkdirSync(dirname(profile), { recursive: true })
    this.#lock ??= new SingleInstanceLock(profile)
    const message = { argv: process.argv, workingDirectory: process.cwd(), additionalData }
    return this.#lock.request(message, ({ argv, workingDirectory, additionalData }) =>
      this.emit('second-instance', new PreventableEvent(), argv, workingDirectory, additionalData),
    )
  }

  hasSingleInstanceLock(): boolean {
    return this.#lock?.held ?? false
  }

  setAppUserModelId(): void {}

  showAboutPanel(): void {}

  /** before-quit → close every window → will-quit → quit; each step but the last can be prevented. */
  quit(): void {
    if (this.#quitting) return
    const event = new PreventableEvent()
    this.emit('before-quit', event)
    if (event.defaultPrevented) return
    this.#quitting = true
    if (this.#windows.count() === 0) {
      this.#shutDown()
      return
    }
    this.#windows.close()
    if (this.#windows.count() > 0) this.#quitting = false
  }

  /** Ends at once: no window and no listener is asked. */
  exit(code = 0): never {
    this.#windows.destroy()
    this.emit('quit', new PreventableEvent(), code)
    this.#lock?.release()
    this.#end()
    process.exit(code)
  }

  standInReady(windows: OpenWindows): void {
    this.#windows = windows
    this.#ready = true
    this.emit('ready', new PreventableEvent(), {})
  }

  #lastWindowClosed(): void {
    if (this.#quitting) this.#shutDown()
    else if (!this.emit('window-all-closed')) this.quit()
  }

  #shutDown(): void {
    const event = new PreventableEvent()
    this.emit('will-quit', event)
    if (event.defaultPrevented) this.#quitting = false
    else this.exit(0)
  }
}
