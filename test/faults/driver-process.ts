import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import type { FaultDisk } from './fault-disk.ts'
import { type Note, noteSchema } from './ledger.ts'

/** How a scenario ended: it came to its end, or the program was killed in its course, or it never ended and was killed for that. */
export type Ending = 'done' | 'killed' | 'hung'

export interface DriverRequest {
  readonly scenario: string
  readonly directory: string
  /** Whether the scenario says when the disk may fail; else the disk is left as it is. */
  readonly perilous: boolean
}

const longestRunMs = 240_000

/** The driver on a disk of its own, started when it is needed and again after it was killed. */
export class DriverProcess implements AsyncDisposable {
  readonly #driver: string
  readonly #disk: FaultDisk
  #child: ChildProcess | undefined
  #answers: Interface | undefined

  constructor(driver: string, disk: FaultDisk) {
    this.#driver = driver
    this.#disk = disk
  }

  /** Plays a scenario in a folder. Resolves with its end and what was noted in its course. */
  async play(request: DriverRequest): Promise<{ readonly ending: Ending; readonly notes: readonly Note[] }> {
    writeFileSync(this.#disk.marks, '')
    const ending = await this.#run(JSON.stringify(request))
    return { ending, notes: notesIn(readFileSync(this.#disk.marks, 'utf8')) }
  }

  /** Starts the program ahead of its need. */
  warm(): void {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) return
    // A group of its own, so that a crash takes its children along and nothing else.
    const env = { ...process.env, ...this.#disk.env, UV_USE_IO_URING: '0', NODE_OPTIONS: '' }
    const child = spawn(process.execPath, [this.#driver], { detached: true, stdio: ['pipe', 'pipe', 'inherit'], env })
    child.stdin.on('error', () => {})
    this.#child = child
    this.#answers = createInterface(child.stdout)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.stdin?.end()
    killGroup(child)
    await once(child, 'close')
  }

  async #run(request: string): Promise<Ending> {
    this.warm()
    const [child, answers] = [this.#child, this.#answers]
    if (!child || !answers) throw new Error('The driver did not start.')
    const ended = Promise.withResolvers<Ending>()
    const [done, killed] = [() => ended.resolve('done'), () => ended.resolve('killed')]
    answers.once('line', done)
    child.once('close', killed)
    const deadline = setTimeout(() => {
      ended.resolve('hung')
      killGroup(child)
    }, longestRunMs)
    child.stdin?.write(`${request}\n`)
    const ending = await ended.promise
    clearTimeout(deadline)
    if (ending === 'hung' && child.exitCode === null && child.signalCode === null) await once(child, 'close')
    child.off('close', killed)
    answers.off('line', done)
    return ending
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** The last line of a program that was killed may be half there: then nobody was told. */
export function notesIn(text: string): readonly Note[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => noteSchema.parse(JSON.parse(line)))
}
