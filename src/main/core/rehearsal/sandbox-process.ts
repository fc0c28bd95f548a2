import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { Logger, Prefix, Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type Checked, type FromSandbox, fromSandbox, type Hello, type Planned } from './messages.ts'

export interface SandboxProcessOptions {
  readonly runtime: Runtime
  readonly hello: Hello
  /** What begins it in a network of its own; null where that is not possible. */
  readonly apart: Prefix | null
  /** `WHEELHOUSE_RUN` of it and of what it starts besides services. */
  readonly mark: string
  readonly logger: Logger
  readonly onProgress: (done: number, total: number) => void
  /** Aborting kills it; what is waited for rejects with the signal's reason. What it started is found by its marks. */
  readonly signal: AbortSignal
}

type Told = FromSandbox['type']

/** The console's side of the talk with one sandbox. */
export class SandboxProcess implements AsyncDisposable {
  readonly #options: SandboxProcessOptions
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<void>
  readonly #told = new Map<Told, FromSandbox>()
  readonly #waiting = new Map<Told, { resolve(message: FromSandbox): void; reject(error: unknown): void }>()
  #failure: unknown
  #errors = ''

  constructor(options: SandboxProcessOptions) {
    this.#options = options
    const { runtime, apart, mark, hello, signal } = options
    const [program = '', ...words] = [...(apart ?? []), runtime.node, runtime.program('sandbox')]
    this.#child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: environment(mark), windowsHide: true })
    lower(this.#child.pid)
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#fail(signal.aborted ? signal.reason : endedEarly(this.#errors))
        resolve()
      })
      this.#child.once('error', (error) => {
        this.#errors += error.message
      })
    })
    // One that is gone already is told by `close`.
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_000)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line))
    signal.addEventListener('abort', this.#kill, { once: true })
    if (signal.aborted) this.#kill()
    this.#say(hello)
  }

  planned(): Promise<Planned> {
    return this.#next('planned')
  }

  started(): Promise<Extract<FromSandbox, { type: 'started' }>> {
    return this.#next('started')
  }

  checked(): Promise<Checked> {
    return this.#next('checked')
  }

  /** Has it stop its services in order, and waits until it has ended. */
  async stop(): Promise<void> {
    this.#say({ type: 'stop' })
    await this.#next('stopped')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#kill)
    this.#kill()
    await this.#ended
  }

  readonly #kill = () => void this.#child.kill('SIGKILL')

  /** Resolves with the message of this kind, whether it came already or comes later; rejects when it will not come. */
  async #next<T extends Told>(type: T): Promise<Extract<FromSandbox, { type: T }>> {
    const message =
      this.#told.get(type) ??
      (await new Promise<FromSandbox>((resolve, reject) => {
        if (this.#failure !== undefined) reject(this.#failure)
        else this.#waiting.set(type, { resolve, reject })
      }))
    if (isOf(message, type)) return message
    throw new TypeError(`The sandbox said ${message.type} where ${type} was waited for.`)
  }

  #hear(line: string): void {
    let message: FromSandbox
    try {
      message = fromSandbox.parse(JSON.parse(line))
    } catch {
      this.#options.logger.warn('The sandbox said something that cannot be understood.', { line: line.slice(0, 500) })
      return
    }
    if (message.type === 'progress') this.#options.onProgress(message.done, message.total)
    else if (message.type === 'failed') this.#fail(ConsoleError.from(message.problem))
    else {
      this.#told.set(message.type, message)
      this.#waiting.get(message.type)?.resolve(message)
      this.#waiting.delete(message.type)
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }

  #say(message: unknown): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`)
  }
}

/** Below everything of the live site, from its first moment on; its services inherit it. */
function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 10)
  } catch {} // it is gone already, or that is not allowed
}

function isOf<T extends Told>(message: FromSandbox, type: T): message is Extract<FromSandbox, { type: T }> {
  return message.type === type
}

/** What it inherits: enough to run services, as the console has it, and its mark. */
function environment(mark: string): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith('WHEELHOUSE_')) inherited[name] = value
  }
  return { ...inherited, WHEELHOUSE_RUN: mark, WHEELHOUSE_REHEARSAL: '1' }
}

function endedEarly(errors: string): ConsoleError {
  const last = errors.trim().split('\n').at(-1)
  return new ConsoleError(
    'sandbox-ended',
    `The sandbox ended before it was done${last ? `: ${last}` : ''}.`,
    'Try again; look at the log of the console if it happens again.',
    { params: { errors }, retryable: true },
  )
}
