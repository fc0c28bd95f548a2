import { type MessagePort, Worker } from 'node:worker_threads'
import { type Clock, type Logger, type Runtime, threadMemory } from '#core/platform/index.ts'
import type { Store } from '#core/store/index.ts'
import type { FromDataPlane, ToDataPlane } from './protocol.ts'

/** Pauses before a crashed thread is started again, doubled from the first to the last; a minute without a crash resets them. */
const firstPauseMs = 200
const lastPauseMs = 10_000
const forgiveMs = 60_000

/** A thread that has not reported for this long hangs, and is replaced. It reports four times a second. */
const silenceMs = 15_000

/** How long a thread may take until it first reports and its routes are in use: a PC that has just been switched on is busy. */
export const startMs = 60_000

const stopMs = 3_000
const lendAgainMs = 1_000

export interface DataPlaneThreadParts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Store
  readonly onMessage: (message: FromDataPlane) => void
  /** A thread was started and has its way to the store: what is posted now is the first that it hears. */
  readonly onStarted: () => void
  /** The thread ended unasked; `restartMs` from now the next one starts. */
  readonly onCrash: (reason: string, restartMs: number) => void
}

/** Keeps one data-plane thread running, with a way to the store's writer: one that ends or hangs is replaced. */
export class DataPlaneThread implements AsyncDisposable {
  readonly #parts: DataPlaneThreadParts
  #worker: Worker | undefined
  #exited: Promise<void> = Promise.resolve()
  #pauseMs = firstPauseMs
  #restart: Disposable | undefined
  #silence: Disposable | undefined
  #forgive: Disposable | undefined
  #lending: Disposable | undefined
  #closed = false
  #run = 0

  constructor(parts: DataPlaneThreadParts) {
    this.#parts = parts
  }

  /** Starts the first thread. */
  begin(): void {
    this.#start()
  }

  /** Whether there is a thread at present. */
  get runs(): boolean {
    return this.#worker !== undefined
  }

  /** How often a thread was started. */
  get run(): number {
    return this.#run
  }

  /** Says something to the thread; without one it is not said. */
  post(message: ToDataPlane): void {
    this.#worker?.postMessage(message)
  }

  /** Hands the thread a port; without one the other end learns that nobody is there. */
  give(message: Extract<ToDataPlane, { readonly port: MessagePort }>): void {
    if (this.#worker && !this.#closed) this.#worker.postMessage(message, [message.port])
    else message.port.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#restart?.[Symbol.dispose]()
    this.#silence?.[Symbol.dispose]()
    this.#forgive?.[Symbol.dispose]()
    this.#lending?.[Symbol.dispose]()
    const worker = this.#worker
    if (!worker) return
    this.post({ type: 'stop' })
    const impatience = this.#parts.clock.after(stopMs, () => void worker.terminate())
    await this.#exited
    impatience[Symbol.dispose]()
  }

  #start(): void {
    const { runtime, clock, onStarted } = this.#parts
    this.#run++
    const worker = new Worker(runtime.program('data-plane'), {
      name: 'data-plane',
      execArgv: [],
      resourceLimits: threadMemory.busy,
    })
    const exited = Promise.withResolvers<void>()
    let error: string | undefined
    this.#worker = worker
    this.#exited = exited.promise
    worker.on('message', (message: FromDataPlane) => {
      // What a closing thread still says sets no timers.
      if (worker === this.#worker && !this.#closed) this.#hear(message)
    })
    worker.on('error', (thrown) => {
      error = thrown instanceof Error ? thrown.message : String(thrown)
    })
    worker.on('exit', () => {
      exited.resolve()
      if (worker === this.#worker && !this.#closed) this.#crashed(error ?? 'it ended by itself')
    })
    this.#lendPort()
    onStarted()
    this.#awaitReport(startMs)
    this.#forgive?.[Symbol.dispose]()
    this.#forgive = clock.after(forgiveMs, () => {
      this.#pauseMs = firstPauseMs
    })
  }

  #hear(message: FromDataPlane): void {
    switch (message.type) {
      case 'ready':
        return
      case 'store-port-lost':
        this.#lendPort()
        return
      case 'log':
        this.#parts.logger[message.level](message.message, message.fields)
        return
      case 'configured':
      case 'report':
        this.#awaitReport()
        break
    }
    this.#parts.onMessage(message)
  }

  /** Brokers a port between the thread and the store's writer; tried again while the writer itself is away. */
  #lendPort(): void {
    const worker = this.#worker
    if (this.#closed || !worker) return
    try {
      this.give({ type: 'store-port', port: this.#parts.store.directPort() })
    } catch (error) {
      this.#parts.logger.warn(`The router has no way to the store: ${String(error)}.`)
      this.#lending?.[Symbol.dispose]()
      this.#lending = this.#parts.clock.after(lendAgainMs, () => {
        if (worker === this.#worker) this.#lendPort()
      })
    }
  }

  #awaitReport(withinMs = silenceMs): void {
    this.#silence?.[Symbol.dispose]()
    this.#silence = this.#parts.clock.after(withinMs, () => {
      const worker = this.#worker
      if (!worker) return
      this.#worker = undefined // its late words no longer count
      void worker.terminate()
      this.#crashed(`it did not answer for ${withinMs / 1000} s`)
    })
  }

  #crashed(reason: string): void {
    this.#worker = undefined
    this.#silence?.[Symbol.dispose]()
    this.#forgive?.[Symbol.dispose]()
    const pause = this.#pauseMs
    this.#pauseMs = Math.min(lastPauseMs, pause * 2)
    this.#parts.onCrash(reason, pause)
    this.#restart = this.#parts.clock.after(pause, () => {
      if (!this.#closed) this.#start()
    })
  }
}
