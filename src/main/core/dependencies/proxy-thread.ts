import { Worker } from 'node:worker_threads'
import { type Clock, type Logger, type Runtime, threadMemory } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { CheckAnswer, FromProxy, ProxyPlan, ProxySettings, TargetReport, ToProxy } from './protocol.ts'

export interface ProxyThreadParts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  /** The newest plan, breakers as they were last told: what a thread that takes the place of a dead one begins with. */
  readonly plan: () => ProxyPlan
  readonly port: () => number
  readonly onListening: (port: number) => void
  readonly onReport: (id: string, report: TargetReport, changed: boolean) => void
  /** It ended by itself, or could not listen; it is started again in a moment. */
  readonly onEnded: (reason: string) => void
}

/** How long it may take until it listens, to answer a check, and until it has ended. Milliseconds. */
const startMs = 60_000
const checkMs = 60_000
const stopMs = 8_000
const againMs = 1_000

/** The thread of the local proxy: started, told what to do, and started again when it dies. */
export class ProxyThread implements AsyncDisposable {
  readonly #parts: ProxyThreadParts
  readonly #checks = new Map<number, (answer: CheckAnswer | null | Error) => void>()
  #worker: Worker | null = null
  #listening = Promise.withResolvers<void>()
  #exited: Promise<void> = Promise.resolve()
  #again: Disposable | null = null
  #calls = 0
  #stopping = false

  constructor(parts: ProxyThreadParts) {
    this.#parts = parts
    this.#start()
  }

  /** Resolves once it listens; rejects with `dependency-proxy-silent` when that takes too long. */
  async listening(): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    late.catch(() => {})
    const patience = this.#parts.clock.after(startMs, () => reject(silent()))
    try {
      await Promise.race([this.#listening.promise, late])
    } finally {
      patience[Symbol.dispose]()
    }
  }

  send(message: ToProxy): void {
    this.#worker?.postMessage(message)
  }

  /** Hands on an order. Throws `dependency-proxy-silent` while there is no thread that could take it. */
  order(message: Extract<ToProxy, { type: 'isolate' | 'reset' | 'check' }>): void {
    if (this.#worker === null) throw silent()
    this.send(message)
  }

  /** Null when the target is not checked. */
  async check(id: string): Promise<CheckAnswer | null> {
    const call = ++this.#calls
    const { promise, resolve, reject } = Promise.withResolvers<CheckAnswer | null>()
    this.#checks.set(call, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
    const patience = this.#parts.clock.after(checkMs, () => reject(silent()))
    try {
      this.order({ type: 'check', id, call })
      return await promise
    } finally {
      patience[Symbol.dispose]()
      this.#checks.delete(call)
    }
  }

  /** Lets calls under way end for a while. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    this.#again?.[Symbol.dispose]()
    const worker = this.#worker
    if (!worker) return
    this.send({ type: 'stop' })
    const impatience = this.#parts.clock.after(stopMs, () => void worker.terminate())
    await this.#exited
    impatience[Symbol.dispose]()
  }

  #start(): void {
    const { runtime, port, plan, logger } = this.#parts
    const settings: ProxySettings = { port: port() }
    const worker = new Worker(runtime.program('dependency-proxy'), {
      name: 'dependency-proxy',
      workerData: settings,
      execArgv: [],
      resourceLimits: threadMemory.busy,
    })
    const exited = Promise.withResolvers<void>()
    this.#worker = worker
    this.#exited = exited.promise
    let error = 'it ended by itself'
    this.send({ type: 'plan', plan: plan() })
    worker.on('message', (message: FromProxy) => {
      if (message.type === 'failed') error = message.reason
      else this.#heard(message)
    })
    worker.on('error', (thrown) => {
      error = thrown instanceof Error ? thrown.message : String(thrown)
    })
    worker.on('exit', () => {
      exited.resolve()
      this.#worker = null
      for (const answer of this.#checks.values()) answer(silent())
      if (this.#stopping) return
      logger.error('The local proxy has ended.', { error })
      this.#listening = Promise.withResolvers()
      this.#parts.onEnded(error)
      this.#again = this.#parts.clock.after(againMs, () => this.#start())
    })
  }

  #heard(message: Exclude<FromProxy, { type: 'failed' }>): void {
    const { onListening, onReport, logger } = this.#parts
    switch (message.type) {
      case 'listening':
        onListening(message.port)
        this.#listening.resolve()
        break
      case 'changed':
        onReport(message.id, message.report, true)
        break
      case 'reports':
        for (const [id, report] of Object.entries(message.reports)) onReport(id, report, false)
        break
      case 'checked':
        this.#checks.get(message.call)?.(message.answer)
        break
      case 'log':
        logger[message.level](message.message, { ...message.fields })
    }
  }
}

/** Nothing can be asked of the thread now. */
export function silent(): ConsoleError {
  return new ConsoleError(
    'dependency-proxy-silent',
    'The local proxy, through which services call their dependencies, does not answer.',
    'Try it again in a moment; look at the console’s log when it goes on.',
    { retryable: true },
  )
}
