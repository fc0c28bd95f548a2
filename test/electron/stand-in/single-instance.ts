import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** What a later launch tells the first. */
export interface LaunchMessage {
  readonly argv: readonly string[]
  readonly workingDirectory: string
  readonly additionalData: unknown
}

/**
 * The single-instance lock, in the profile folder as Chromium has it: a link that names the process which holds it. A launch
 * that finds a living holder leaves a message in a folder that the holder watches.
 */
export class SingleInstanceLock {
  readonly #link: string
  readonly #messages: string
  #held = false

  constructor(profile: string) {
    this.#link = join(profile, 'StandInSingletonLock')
    this.#messages = join(profile, 'StandInSingletonMessages')
  }

  get held(): boolean {
    return this.#held
  }

  /** Takes the lock, or tells its holder. At once, as Electron's is. */
  request(message: LaunchMessage, onLaunch: (message: LaunchMessage) => void): boolean {
    mkdirSync(this.#messages, { recursive: true })
    if (!this.#take()) {
      const name = `${process.pid}-${process.hrtime.bigint()}`
      writeFileSync(join(this.#messages, `.${name}`), JSON.stringify(message))
      renameSync(join(this.#messages, `.${name}`), join(this.#messages, name))
      return false
    }
    this.#held = true
    for (const name of readdirSync(this.#messages)) rmSync(join(this.#messages, name))
    watch(this.#messages, () => this.#deliver(onLaunch)).unref()
    return true
  }

  release(): void {
    if (this.#held) rmSync(this.#link, { force: true })
    this.#held = false
  }

  #take(): boolean {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        symlinkSync(String(process.pid), this.#link)
        return true
      } catch {
        const holder = holderOf(this.#link)
        if (holder !== null && isAlive(holder)) return false
        rmSync(this.#link, { force: true })
      }
    }
    return false
  }

  #deliver(onLaunch: (message: LaunchMessage) => void): void {
    for (const name of readdirSync(this.#messages).filter((name) => !name.startsWith('.'))) {
      const path = join(this.#messages, name)
      const message: LaunchMessage = JSON.parse(readFileSync(path, 'utf8'))
      rmSync(path)
      onLaunch(message)
    }
  }
}

/** The process that a link names; null when it was given back meanwhile. */
function holderOf(link: string): number | null {
  try {
    return Number(readlinkSync(link))
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
