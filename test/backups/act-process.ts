import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { type ActAnswer, type ActRequest, actAnswerSchema } from './acts.ts'

/** How an act ended: with an answer, or the console was killed in its course, or it never ended and was killed for that. */
export type ActEnding = ActAnswer | 'killed' | 'hung'

export interface ActProcessOptions {
  /** The driver, built. */
  readonly driver: string
  /** A folder for its helpers' own Node. */
  readonly folder: string
  /** What it and its helpers find in their environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly crashAt?: string
  /** Milliseconds by which the clock of its helpers is wrong. */
  readonly clockOffset?: number
}

const longestActMs = 240_000

/** A console in a process of its own (driver.program.ts), started when it is needed and again after it was killed. */
export class ActProcess implements AsyncDisposable {
  readonly #options: ActProcessOptions
  /** The Node of its helpers: they are not given the console's environment, so it brings its own. */
  readonly #node: string
  #child: ChildProcess | undefined
  #answers: Interface | undefined

  constructor(options: ActProcessOptions) {
    this.#options = options
    this.#node = helperNode(options)
  }

  /** The process of the console, while it lives. */
  get pid(): number | undefined {
    return this.#lives() ? this.#child?.pid : undefined
  }

  warm(): void {
    if (this.#lives()) return
    const { driver, env, crashAt } = this.#options
    this.#child = spawn(process.execPath, [driver], {
      // A group of its own, so that a crash takes its helpers along and nothing else.
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...env,
        UV_USE_IO_URING: '0',
        NODE_OPTIONS: '',
        ...(crashAt !== undefined && { WHEELHOUSE_CRASH_AT: crashAt }),
      },
    })
    this.#child.stdin?.on('error', () => {})
    this.#answers = this.#child.stdout ? createInterface(this.#child.stdout) : undefined
  }

  /** `onStart` is called when the request is on its way. */
  async play(request: Omit<ActRequest, 'node'>, onStart: () => void = () => {}): Promise<ActEnding> {
    this.warm()
    const [child, answers] = [this.#child, this.#answers]
    if (!child || !answers) throw new Error('The driver did not start.')
    const ended = Promise.withResolvers<ActEnding>()
    const hear = (line: string) => ended.resolve(actAnswerSchema.parse(JSON.parse(line)))
    const killed = () => ended.resolve('killed')
    answers.once('line', hear)
    child.once('close', killed)
    const deadline = setTimeout(() => {
      ended.resolve('hung')
      this.kill()
    }, longestActMs)
    child.stdin?.write(`${JSON.stringify({ ...request, node: this.#node })}\n`)
    onStart()
    const ending = await ended.promise
    clearTimeout(deadline)
    if (ending === 'hung' && this.#lives()) await once(child, 'close')
    child.off('close', killed)
    answers.off('line', hear)
    return ending
  }

  /** Kills the console and its helpers. */
  kill(): void {
    const pid = this.#child?.pid
    if (pid === undefined || !this.#lives()) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (!child || !this.#lives()) return
    const closed = once(child, 'close')
    this.kill()
    await closed
  }

  #lives(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }
}

function helperNode({ folder, env = {}, clockOffset = 0 }: ActProcessOptions): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`)
  const clock = join(folder, `clock-${clockOffset}.mjs`)
  const now = `const now = Date.now.bind(Date); Date.now = () => now() + ${clockOffset}`
  if (clockOffset !== 0) writeFileSync(clock, now)
  const options = clockOffset === 0 ? '' : `--import ${clock} `
  const path = join(folder, `node-${clockOffset}`)
  writeFileSync(path, `#!/bin/sh\nexec env ${settings.join(' ')} '${process.execPath}' ${options}"$@"\n`)
  chmodSync(path, 0o700)
  return path
}
