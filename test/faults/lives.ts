import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DatabaseName, OpenedAs } from '#core/store/index.ts'
import { notesIn } from './driver-process.ts'
import type { Acknowledgement } from './ledger.ts'
import type { Rig } from './rig.ts'

/** What a life of the writer is told at its beginning. */
export interface LifeRequest {
  readonly directory: string
  readonly marks: string
  readonly name: string
  /** Sequences up to which earlier lives have looked at everything. */
  readonly after: Readonly<Record<DatabaseName, number>>
  /** Whether it knows the later schema, and so migrates. */
  readonly upgraded: boolean
  /** Whether it writes until it is killed, or a little and then closes. */
  readonly unending: boolean
}

/** What a life found when it had opened the store. */
export interface LifeReport {
  readonly opened: Readonly<Record<DatabaseName, OpenedAs>>
  readonly problems: readonly string[]
  /** The highest sequence of the units in each database that was ever given. */
  readonly highest: Readonly<Record<DatabaseName, number>>
}

/** How a life ends: killed so many milliseconds after it opened, at a named crash point (`store.before-commit:3`), or by itself. */
export type Death = { readonly afterMs: number } | { readonly at: string } | 'closes'

/** One store, on which one writer after the other lives and is killed; each looks for what the one before it was told. */
export class Lives {
  readonly #rig: Rig
  readonly #marks: string
  readonly #directory: string
  readonly #acknowledged: Acknowledgement[] = []
  readonly #problems: string[] = []
  #after: Readonly<Record<DatabaseName, number>> = { control: 0, messages: 0 }
  #highest: Readonly<Record<DatabaseName, number>> = { control: 0, messages: 0 }
  #lived = 0

  constructor(rig: Rig, folder: string) {
    this.#rig = rig
    this.#directory = join(folder, '.wheelhouse')
    this.#marks = join(folder, 'marks')
    writeFileSync(this.#marks, '')
  }

  get directory(): string {
    return this.#directory
  }

  /** Everything that any life was told. */
  get acknowledged(): readonly Acknowledgement[] {
    return this.#acknowledged
  }

  /** What was wrong so far. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** One more life. Resolves when it is over. */
  async live(death: Death, { upgraded = false }: { readonly upgraded?: boolean } = {}): Promise<void> {
    const name = `life ${++this.#lived}`
    const request: LifeRequest = {
      directory: this.#directory,
      marks: this.#marks,
      name,
      after: this.#after,
      upgraded,
      unending: death !== 'closes' && 'afterMs' in death,
    }
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      ...(death !== 'closes' && 'at' in death && { WHEELHOUSE_CRASH_AT: death.at }),
    }
    const args = [this.#rig.driver, JSON.stringify(request)]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env })
    child.stdin.on('error', () => {})
    const over = once(child, 'close')
    let timer: NodeJS.Timeout | undefined
    createInterface(child.stdout).once('line', (line) => {
      if (death !== 'closes' && 'afterMs' in death) timer = setTimeout(() => child.kill('SIGKILL'), death.afterMs)
      this.#take(name, JSON.parse(line))
    })
    const [code, signal] = await over
    clearTimeout(timer)
    const ended = signal ?? `exit code ${code}`
    const expected = death === 'closes' ? 'exit code 0' : 'SIGKILL'
    if (ended !== expected) this.#problems.push(`${name}: ended with ${ended} instead of ${expected}`)
    this.#remember(name)
  }

  #take(name: string, { opened, problems, highest }: LifeReport): void {
    this.#problems.push(...problems.map((problem) => `${name}: ${problem}`))
    for (const database of ['control', 'messages'] as const) {
      const how = opened[database]
      if (how.how === 'replaced' || how.how === 'stand-in') this.#problems.push(`${name}: found damaged: ${how.reason}`)
      if (highest[database] < this.#highest[database]) {
        this.#problems.push(`${name}: ${database} goes back from ${this.#highest[database]} to ${highest[database]}`)
      }
    }
    // What was there when this life began has been looked at.
    this.#after = highest
  }

  #remember(name: string): void {
    const highest = { ...this.#highest }
    for (const note of notesIn(readFileSync(this.#marks, 'utf8'))) {
      if (note.note !== 'acknowledged') {
        this.#problems.push(`${name}: ${note.error}`)
        continue
      }
      const { what } = note
      this.#acknowledged.push(what)
      if (what.type !== 'unit') continue
      if (what.seq - what.parts < this.#after[what.database]) {
        this.#problems.push(`${name}: sequence ${what.seq} was given again`)
      }
      highest[what.database] = Math.max(highest[what.database], what.seq)
    }
    this.#highest = highest
  }
}

/**
 * The named moments of a writer, each with how often it is passed before the crash; `while-migrating` needs an upgrade. Each database's
 * writer thread counts for itself, and migrates and closes once.
 */
export const crashPoints = [
  'store.before-commit:3',
  'store.after-commit-before-acknowledgement:3',
  'store.while-closing:1',
] as const
export const migrationCrashPoints = ['store.while-migrating:1'] as const
