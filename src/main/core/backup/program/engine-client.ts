import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { CrashPoints, Logger, Runtime } from '#core/platform/index.ts'
import { ConsoleError, type Problem } from '#shared/problem.ts'
import type { StorageAddress } from '../repository/open-storage.ts'
import {
  answers,
  type FromHelper,
  fromHelper,
  type Hello,
  type HelloSecrets,
  type Input,
  type Method,
  type Output,
} from './messages.ts'

export interface HelperOptions {
  readonly runtime: Runtime
  readonly target: StorageAddress | null
  readonly site: Hello['site']
  /** What opens an encrypted repository; absent: nothing does. */
  readonly secrets?: HelloSecrets
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  readonly onProgress?: (done: number, total: number, unit: 'files' | 'bytes') => void
  /** Aborting kills the helper; what it was asked rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The console's side of the talk with one backup helper. Disposing ends the process, which gives its lock back. */
export class Helper implements AsyncDisposable {
  readonly #options: HelperOptions
  readonly #child: ChildProcessWithoutNullStreams
  readonly #ended: Promise<void>
  #waiting: { resolve(value: unknown): void; reject(error: unknown): void } | undefined
  #errors = ''
  #gone = false

  constructor(options: HelperOptions) {
    this.#options = options
    const { runtime, signal } = options
    this.#child = spawn(runtime.node, [...memoryFlags, runtime.program('backup')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: helperEnvironment(),
      windowsHide: true,
    })
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#gone = true
        this.#fail(signal?.aborted ? signal.reason : endedEarly(this.#errors))
        resolve()
      })
      this.#child.once('error', (error) => {
        this.#errors += error.message
      })
    })
    // A helper that is gone already is told by `close`.
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_000)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line))
    signal?.addEventListener('abort', this.#kill, { once: true })
    if (signal?.aborted) this.#kill()
    this.#say({
      target: options.target,
      site: options.site,
      databaseCopy: runtime.program('database-copy'),
      ...(options.secrets && { secrets: options.secrets }),
      crew: runtime.program('backup-crew'),
    })
  }

  /** Of the helper's process; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Asks one thing and resolves with its answer. Rejects with the helper's ConsoleError, or when it ends or is killed. */
  async ask<M extends Method>(method: M, input: Input<M>): Promise<Output<M>> {
    const value = await new Promise<unknown>((resolve, reject) => {
      if (this.#gone) {
        reject(this.#options.signal?.aborted ? this.#options.signal.reason : endedEarly(this.#errors))
        return
      }
      this.#waiting = { resolve, reject }
      this.#say({ type: 'request', method, input })
    })
    return answers[method].parse(value)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#kill)
    this.#child.stdin.end()
    await this.#ended
  }

  readonly #kill = () => void this.#child.kill('SIGKILL')

  #hear(line: string): void {
    let message: FromHelper
    try {
      message = fromHelper.parse(JSON.parse(line))
    } catch {
      // Not what it said: an answer can hold a key.
      this.#options.logger.warn('The backup helper said something that cannot be understood.', { length: line.length })
      return
    }
    switch (message.type) {
      case 'done':
        this.#waiting?.resolve(message.value)
        this.#waiting = undefined
        return
      case 'failed':
        this.#logStack(message.problem)
        this.#fail(ConsoleError.from(message.problem))
        return
      case 'progress':
        this.#options.onProgress?.(message.done, message.total, message.unit)
        return
      case 'reached':
        this.#options.crashPoints.reach(message.point)
        this.#say({ type: 'go-on' })
    }
  }

  #fail(error: unknown): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  #logStack({ code, message, params }: Problem): void {
    if (code === 'backup-failed') this.#options.logger.error(message, { stack: params.stack })
  }

  #say(message: unknown): void {
    if (!this.#gone) this.#child.stdin.write(`${JSON.stringify(message)}\n`)
  }
}

/** Buffers that were spent can be given back in time; the thread that walks has room for what lives shortly from the first, and no more later. */
const memoryFlags = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

const MiB = 1024 * 1024

/** What the helper inherits: enough to run, and threads for compression. Crash points stay with the console. */
function helperEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {
    UV_THREADPOOL_SIZE: '4',
    // glibc: pieces are freed as soon as they are done with, and the next ones take the same memory; asking the system for each of
    // them anew took a tenth of the time. Whole packs lie by themselves: freed ones would leave holes that nothing else fits in.
    MALLOC_MMAP_THRESHOLD_: String(8 * MiB),
    MALLOC_TRIM_THRESHOLD_: String(8 * MiB),
    MALLOC_ARENA_MAX: '4',
  }
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'SystemRoot', 'TEMP', 'APPDATA']) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

function endedEarly(errors: string): ConsoleError {
  return new ConsoleError(
    'backup-helper-ended',
    `The backup helper ended before it had answered${errors.trim() ? `: ${errors.trim().split('\n').at(-1)}` : ''}.`,
    'Try again; look at the log of the console if it happens again.',
    { params: { errors }, retryable: true },
  )
}
