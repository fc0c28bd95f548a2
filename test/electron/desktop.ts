import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Electron from 'electron'
import type { Page } from 'playwright-core'
import { needs } from '../support/needs.ts'
import { launchElectron } from './real-electron.ts'
import { launchStandIn } from './stand-in-process.ts'

export type ElectronModule = typeof Electron

/** Which of the two ran the app: every spec's title of its suite says it. */
export const electronUnderTest = process.env.ELECTRON_OVERRIDE_DIST_PATH ? 'Electron' : 'the stand-in'

/** Skips every test of a file, with the reason, where there is neither a Chromium nor an Electron to run them on. */
export function needsChromium(): void {
  if (!process.env.ELECTRON_OVERRIDE_DIST_PATH && !process.env.WHEELHOUSE_CHROMIUM) needs('chromium')
}

/** A desktop app that was started, whichever of the two runs it. */
export interface RunningApp {
  readonly pid: number
  /** Everything that it wrote to stdout and stderr. */
  output(): string
  /** Pages of its windows, oldest first. */
  pages(): readonly Page[]
  /** Runs a function in the main process. It may use its argument and the module alone. The result travels as JSON. */
  evaluate<T, A>(run: (electron: ElectronModule, argument: A) => T | Promise<T>, argument: A): Promise<T>
  /** What would show on the screen; the stand-in only, elsewhere it rejects. */
  shown<T, A>(look: (electron: ElectronModule, argument: A, shown: Shown) => T, argument: A): Promise<T>
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>
  kill(signal: NodeJS.Signals): void
  /** Stops reading what it writes, as a terminal that was closed does. */
  closeOutput(): void
  /** Ends what may still run, and removes what was made for it. */
  dispose(): Promise<void>
}

/** What the stand-in keeps of things that would show on the screen. */
export interface Shown {
  readonly trays: readonly {
    readonly standInImage: { readonly path: string }
    readonly standInToolTip: string
    readonly standInMenu: Electron.Menu | null
    emit(event: string): boolean
  }[]
  readonly notifications: readonly { readonly title: string; readonly body: string; emit(event: string): boolean }[]
  readonly asked: readonly { readonly what: string; readonly options: unknown }[]
}

export interface LaunchOptions {
  /** The console's user data; a second launch with the same one meets the first. */
  readonly home: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** File to run as the app, in place of the built one. */
  readonly entry?: string
}

export const projectRoot = join(import.meta.dirname, '..', '..')

/**
 * Starts the desktop app: on a real Electron when `ELECTRON_OVERRIDE_DIST_PATH` names one, otherwise on the stand-in. The built
 * main and preload bundles run unless an entry is named.
 */
export async function launchDesktop(options: LaunchOptions): Promise<Desktop> {
  const entry = options.entry ?? join(projectRoot, 'out', 'main', 'index.js')
  if (!existsSync(entry))
    throw new Error(`${entry} does not exist: build the app first, with npm test or electron-vite build.`)
  const scratch = mkdtempSync(join(tmpdir(), 'wheelhouse-desktop-'))
  const launch = {
    entry,
    root: projectRoot,
    scratch,
    args: options.args ?? [],
    env: { ...inherited(), WHEELHOUSE_HOME: options.home, XDG_RUNTIME_DIR: scratch, ...options.env },
  }
  try {
    const app = await (process.env.ELECTRON_OVERRIDE_DIST_PATH ? launchElectron(launch) : launchStandIn(launch))
    return new Desktop(app, scratch)
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true })
    throw error
  }
}

/** How each of the two is started. */
export interface Launch {
  readonly entry: string
  readonly root: string
  /** Folder for whatever is made on the way; removed afterwards. */
  readonly scratch: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A running desktop app, as a test drives it. */
export class Desktop implements AsyncDisposable {
  readonly app: RunningApp
  readonly #scratch: string

  constructor(app: RunningApp, scratch: string) {
    this.app = app
    this.#scratch = scratch
  }

  get exited(): RunningApp['exited'] {
    return this.app.exited
  }

  output(): string {
    return this.app.output()
  }

  evaluate<T, A = null>(run: (electron: ElectronModule, argument: A) => T | Promise<T>, argument: A): Promise<T> {
    return this.app.evaluate(run, argument)
  }

  shown<T, A>(look: (electron: ElectronModule, argument: A, shown: Shown) => T, argument: A): Promise<T> {
    return this.app.shown(look, argument)
  }

  /** The page of the newest window, once it has loaded: what is asked of the empty one before it is lost on the way. */
  async page(): Promise<Page> {
    const page = await waitFor('a window', this, () =>
      this.app.pages().findLast((page) => page.url() !== 'about:blank'),
    )
    await page.waitForLoadState('domcontentloaded')
    return page
  }

  /** Presses an entry of the application's menu. */
  pressMenu(id: string): Promise<void> {
    return this.evaluate((electron, id) => {
      const item = electron.Menu.getApplicationMenu()?.getMenuItemById(id)
      if (!item) throw new Error(`There is no menu entry ${id}.`)
      item.click()
    }, id)
  }

  /** From now on every message box is answered with the button of this number; the boxes are kept. */
  answerMessageBoxes(response: number): Promise<void> {
    return this.evaluate((electron, response) => {
      const kept: unknown[] = []
      Reflect.set(globalThis, 'messageBoxes', kept)
      electron.dialog.showMessageBox = async (...args: readonly unknown[]) => {
        kept.push(args.at(-1))
        return { response, checkboxChecked: false }
      }
    }, response)
  }

  /** Message boxes since {@link answerMessageBoxes}. */
  messageBoxes(): Promise<readonly Electron.MessageBoxOptions[]> {
    return this.evaluate(() => Reflect.get(globalThis, 'messageBoxes') ?? [], null)
  }

  windowCount(): Promise<number> {
    return this.evaluate((electron) => electron.BrowserWindow.getAllWindows().length, null)
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.app.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.dispose()
    // Chromium's helpers outlive it by a blink and may make a file anew.
    for (let attempt = 0; attempt < 20 && existsSync(this.#scratch); attempt++) {
      rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

/** Waits for something to become true of a running app; says what the app wrote when it does not. */
export async function waitFor<T>(
  what: string,
  desktop: Desktop,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  within = 60_000,
): Promise<T> {
  const deadline = performance.now() + within
  let ended = false
  void desktop.exited.then(() => {
    ended = true
  })
  for (;;) {
    if (ended) throw new Error(`The app ended while a test waited for ${what}. It wrote:\n${desktop.output()}`)
    const value = await look()
    if (value !== undefined && value !== null && value !== false) return value
    if (performance.now() > deadline)
      throw new Error(`Waited ${within} ms for ${what}. The app wrote:\n${desktop.output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TZ', 'DISPLAY', 'WAYLAND_DISPLAY', 'TMPDIR']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
