import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Logger } from '../logger.ts'
import type { ProcessExit, SpawnOptions } from '../processes.ts'
import type { Runtime } from '../programs.ts'
import { type StarterMessage, type StartFault, type StartRequest, starterMessageSchema } from './starter-protocol.ts'

/** What became of a request. `lost`: the helper died before it said so; what was asked for may or may not have been started. */
export type StartAnswer =
  | { readonly type: 'started'; readonly pid: number; readonly startTicks: number; readonly end: ToldEnd }
  | { readonly type: 'not-started'; readonly fault: StartFault }
  | { readonly type: 'lost' }

/** How a program ended; null when the helper died before it: somebody else must look whether it is still there. */
export type ToldEnd = Promise<ProcessExit | null>

interface Pending {
  readonly answer: (answer: StartAnswer) => void
  readonly end: ToldEnd
}

/** One run of the `starter` helper. Keeps the console's process alive only while a request is under way. */
export class StarterProcess implements Disposable {
  /** Resolves when it is gone. */
  readonly gone: Promise<void>
  readonly #streams: readonly unknown[]
  readonly #input: NodeJS.WritableStream
  readonly #kill: () => void
  readonly #ref: (keep: boolean) => void
  readonly #pending = new Map<number, Pending>()
  readonly #running = new Map<number, (end: ProcessExit | null) => void>()
  #nextId = 1
  #over = false
  #disposed = false

  constructor(runtime: Runtime, logger: Logger) {
    // Away from all folders of the site; in a session of its own, so that Ctrl-C in the console's terminal does not reach it.
    const child = spawn(runtime.node, ['--v8-pool-size=0', '--max-old-space-size=64', runtime.program('starter')], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#input = child.stdin
    this.#streams = [child.stdin, child.stdout]
    this.#kill = () => void child.kill('SIGKILL')
    this.#ref = (keep) => (keep ? child.ref() : child.unref())
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gone = promise
    const over = (why: string) => {
      if (this.#over) return
      if (!this.#disposed) logger.warn('The helper that starts services has ended.', { why })
      this.#end()
      resolve()
    }
    child.once('error', (error) => over(error.message))
    child.once('close', (code, signal) => over(signal ?? `code ${code}`))
    child.stdin.on('error', () => {}) // told by `close`
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
    this.#keepAlive(false)
  }

  /** Never rejects. */
  start(options: SpawnOptions): Promise<StartAnswer> {
    if (this.#over || this.#disposed) return Promise.resolve({ type: 'lost' })
    const id = this.#nextId++
    const request: StartRequest = { id, options }
    const { promise: end, resolve: tellEnd } = Promise.withResolvers<ProcessExit | null>()
    this.#running.set(id, tellEnd)
    return new Promise((answer) => {
      this.#pending.set(id, { answer, end })
      this.#keepAlive(true)
      this.#input.write(`${JSON.stringify(request)}\n`)
    })
  }

  /** Ends it whatever it does: nothing that was asked for and not yet started is started afterwards. */
  kill(): void {
    this.#kill()
    this.#end()
  }

  /** Lets it end as soon as it has answered. What it started goes on, and its end is not told. */
  [Symbol.dispose](): void {
    this.#disposed = true
    this.#running.clear()
    if (this.#pending.size === 0) this.#input.end()
  }

  #hear(line: string): void {
    if (this.#over) return
    const message: StarterMessage = starterMessageSchema.parse(JSON.parse(line))
    const { id } = message
    if (message.type === 'exited') {
      this.#running.get(id)?.({ code: message.code, signal: message.signal })
      this.#running.delete(id)
      return
    }
    const asked = this.#pending.get(id)
    this.#pending.delete(id)
    if (this.#pending.size === 0) {
      this.#keepAlive(false)
      if (this.#disposed) this.#input.end()
    }
    if (message.type === 'started') asked?.answer({ ...message, end: asked.end })
    else {
      this.#running.delete(id)
      asked?.answer({ type: 'not-started', fault: message.fault })
    }
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#keepAlive(false)
    for (const { answer } of this.#pending.values()) answer({ type: 'lost' })
    for (const tellEnd of this.#running.values()) tellEnd(null)
    this.#pending.clear()
    this.#running.clear()
  }

  #keepAlive(keep: boolean): void {
    this.#ref(keep)
    for (const stream of this.#streams) {
      if (!(stream instanceof Socket)) continue
      if (keep) stream.ref()
      else stream.unref()
    }
  }
}
