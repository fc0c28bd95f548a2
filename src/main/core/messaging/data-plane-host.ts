import { type MessagePort, Worker } from 'node:worker_threads'
import type { OutboxBounds, RouteDefinition } from '#core/config/index.ts'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import type { Store } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import { firstBounds } from './outbox/outbox-room.ts'
import type {
  Answer,
  BrokerLink,
  ChannelMessage,
  FromDataPlane,
  Question,
  RecordingOrder,
  RefusedRoute,
  ReplayedMessage,
  TapWish,
  ToDataPlane,
} from './protocol.ts'

/** Pauses before a crashed thread is started again, doubled from the first to the last; a minute without a crash resets them. */
const firstPauseMs = 200
const lastPauseMs = 10_000
const forgiveMs = 60_000

/** A thread that has not reported for this long hangs, and is replaced. It reports four times a second. */
const silenceMs = 15_000

/** How long a thread may take until it first reports and its routes are in use: a PC that has just been switched on is busy. */
const startMs = 60_000

const stopMs = 3_000
const answerMs = 10_000

export interface DataPlaneHostParts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Store
  /** Reports, the state of the connection and batches of taps. */
  readonly onMessage: (message: FromDataPlane) => void
  /** These routes are in use from here on: reports that come later are about them. */
  readonly onConfigured: (routes: readonly RouteDefinition[], refused: readonly RefusedRoute[]) => void
  /** A thread was started. */
  readonly onThread: () => void
  /** The thread ended unasked; `restartMs` from now the next one starts. */
  readonly onCrash: (reason: string, restartMs: number) => void
}

/** What became of messages that were replayed. */
export type Replayed = Omit<Extract<FromDataPlane, { type: 'replayed' }>, 'type' | 'id'>

interface Configuration {
  readonly version: number
  readonly routes: readonly RouteDefinition[]
  readonly broker: BrokerLink | null
  readonly bounds: OutboxBounds
}

/** Until the site has been read. */
const unread: Configuration = { version: 0, routes: [], broker: null, bounds: firstBounds }

/** Keeps one data-plane thread running: configured, with a way to the store's writer and with the taps that are open. */
export class DataPlaneHost implements AsyncDisposable {
  readonly #parts: DataPlaneHostParts
  readonly #taps = new Map<number, TapWish>()
  readonly #publishing = new Map<number, PromiseWithResolvers<void>>()
  readonly #reading = new Map<number, PromiseWithResolvers<readonly ChannelMessage[]>>()
  readonly #recordings = new Map<number, RecordingOrder>()
  readonly #replaying = new Map<number, PromiseWithResolvers<Replayed>>()
  readonly #asking = new Map<number, PromiseWithResolvers<Answer>>()
  readonly #configuring = new Map<number, PromiseWithResolvers<readonly RefusedRoute[]>>()
  #worker: Worker | undefined
  #exited: Promise<void> = Promise.resolve()
  #configuration = unread
  #held = false
  #next = 1
  #pauseMs = firstPauseMs
  #restart: Disposable | undefined
  #silence: Disposable | undefined
  #forgive: Disposable | undefined
  #lending: Disposable | undefined
  #tables: TableContents = {}
  #closed = false
  #run = 0

  constructor(parts: DataPlaneHostParts) {
    this.#parts = parts
    this.#start()
  }

  /** Hands over what expressions look up. */
  useTables(contents: TableContents): void {
    this.#tables = contents
    this.#post({ type: 'tables', contents })
  }

  /** Hands over routes, broker and the bounds of the outbox; resolves when they are in use, with the routes that were refused. */
  configure(
    routes: readonly RouteDefinition[],
    broker: BrokerLink | null,
    bounds: OutboxBounds,
  ): Promise<readonly RefusedRoute[]> {
    const version = this.#next++
    this.#configuration = { version, routes, broker, bounds }
    const answer = Promise.withResolvers<readonly RefusedRoute[]>()
    this.#configuring.set(version, answer)
    this.#post({ type: 'configure', ...this.#configuration })
    return this.#within(
      answer,
      `The router did not take over ${routes.length} routes in time.`,
      () => this.#configuring.delete(version),
      startMs,
    )
  }

  publish(message: {
    readonly topic: string
    readonly payload: string
    readonly qos: 0 | 1
    readonly retain: boolean
  }): Promise<void> {
    const id = this.#next++
    const answer = Promise.withResolvers<void>()
    this.#publishing.set(id, answer)
    this.#post({ type: 'publish', id, ...message })
    return this.#within(
      answer,
      `The broker did not confirm the message to ${message.topic} in time. It may or may not have arrived.`,
      () => this.#publishing.delete(id),
    )
  }

  /** Sends a message of the quarantine again; resolves once it is safe elsewhere. */
  resend(message: {
    readonly route: string
    readonly target: string | null
    readonly topic: string
    readonly payload: string | Uint8Array
  }): Promise<void> {
    const id = this.#next++
    const answer = Promise.withResolvers<void>()
    this.#publishing.set(id, answer)
    const { route, target, topic, payload } = message
    this.#post({ type: 'resend', id, route, target, topic, payload })
    return this.#within(answer, `The message to ${topic} could not be made safe in time; it stays in quarantine.`, () =>
      this.#publishing.delete(id),
    )
  }

  channel(name: string): Promise<readonly ChannelMessage[]> {
    const id = this.#next++
    const answer = Promise.withResolvers<readonly ChannelMessage[]>()
    this.#reading.set(id, answer)
    this.#post({ type: 'channel', id, channel: name })
    return this.#within(answer, `The channel ${name} could not be read in time.`, () => this.#reading.delete(id))
  }

  /** Asks the thread for something that it holds. Rejects with `router-restarting` or `router-silent`. */
  ask(question: Question): Promise<Answer> {
    const id = this.#next++
    const answer = Promise.withResolvers<Answer>()
    this.#asking.set(id, answer)
    this.#post({ type: 'ask', id, question })
    return this.#within(answer, 'The router did not answer in time.', () => this.#asking.delete(id))
  }

  /** Keeps what an order asks for, also with the threads that come after this one. */
  record(order: RecordingOrder): void {
    this.#recordings.set(order.id, order)
    this.#post({ type: 'record', ...order })
  }

  endRecording(id: number): void {
    this.#post({ type: 'record-end', id })
  }

  forgetRecording(id: number): void {
    this.#recordings.delete(id)
  }

  /** Publishes messages in their order; resolves when the broker has them, or with why it has not. */
  replay(messages: readonly ReplayedMessage[]): Promise<Replayed> {
    const id = this.#next++
    const answer = Promise.withResolvers<Replayed>()
    this.#replaying.set(id, answer)
    this.#post({ type: 'replay', id, messages })
    return this.#within(answer, 'The broker did not take the messages in time.', () => this.#replaying.delete(id))
  }

  /** How often the thread was started: what it counts begins anew each time. */
  get run(): number {
    return this.#run
  }

  openTap(wish: TapWish): number {
    const id = this.#next++
    this.#taps.set(id, wish)
    this.#post({ type: 'tap-open', id, ...wish })
    return id
  }

  moreOfTap(id: number): void {
    this.#post({ type: 'tap-more', id })
  }

  closeTap(id: number): void {
    this.#taps.delete(id)
    this.#post({ type: 'tap-close', id })
  }

  /** Whether deliveries from the outbox wait. */
  hold(on: boolean): void {
    this.#held = on
    this.#post({ type: 'hold', on })
  }

  /** Gives the thread a way on which an embedded broker asks before it acknowledges. */
  admitFrom(port: MessagePort): void {
    const message: ToDataPlane = { type: 'admission-port', port }
    // Without a thread the broker learns that nobody is there; the next thread is given another way.
    if (this.#worker && !this.#closed) this.#worker.postMessage(message, [port])
    else port.close()
  }

  /** The broker is known to be back. */
  wake(): void {
    this.#post({ type: 'wake' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#restart?.[Symbol.dispose]()
    this.#silence?.[Symbol.dispose]()
    this.#forgive?.[Symbol.dispose]()
    this.#lending?.[Symbol.dispose]()
    const worker = this.#worker
    if (worker) {
      this.#post({ type: 'stop' })
      const impatience = this.#parts.clock.after(stopMs, () => void worker.terminate())
      await this.#exited
      impatience[Symbol.dispose]()
    }
    this.#fail('The router was closed.')
  }

  #start(): void {
    const { runtime, clock, store } = this.#parts
    this.#run++
    const worker = new Worker(runtime.program('data-plane'), {
      name: 'data-plane',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    const exited = Promise.withResolvers<void>()
    let error: string | undefined
    this.#worker = worker
    this.#exited = exited.promise
    worker.on('message', (message: FromDataPlane) => {
      // What a closing thread still says sets no timers.
      if (worker === this.#worker && !this.#closed) this.#take(message)
    })
    worker.on('error', (thrown) => {
      error = thrown instanceof Error ? thrown.message : String(thrown)
    })
    worker.on('exit', () => {
      exited.resolve()
      if (worker === this.#worker && !this.#closed) this.#crashed(error ?? 'it ended by itself')
    })
    this.#lendPort(store)
    this.#post({ type: 'tables', contents: this.#tables })
    this.#post({ type: 'configure', ...this.#configuration })
    for (const order of this.#recordings.values()) this.#post({ type: 'record', ...order })
    for (const [id, tap] of this.#taps) this.#post({ type: 'tap-open', id, ...tap })
    if (this.#held) this.#post({ type: 'hold', on: true })
    this.#parts.onThread()
    this.#awaitReport(startMs)
    this.#forgive?.[Symbol.dispose]()
    this.#forgive = clock.after(forgiveMs, () => {
      this.#pauseMs = firstPauseMs
    })
  }

  #take(message: FromDataPlane): void {
    switch (message.type) {
      case 'ready':
        return
      case 'configured':
        this.#awaitReport()
        for (const [version, answer] of this.#configuring) {
          if (version <= message.version) answer.resolve(message.refused)
        }
        if (message.version === this.#configuration.version) {
          this.#parts.onConfigured(this.#configuration.routes, message.refused)
        }
        return
      case 'published': {
        const { problem } = message
        const answer = this.#publishing.get(message.id)
        if (problem) answer?.reject(ConsoleError.from(problem))
        else answer?.resolve()
        return
      }
      case 'channel':
        this.#reading.get(message.id)?.resolve(message.messages)
        return
      case 'replayed':
        this.#replaying.get(message.id)?.resolve(message)
        return
      case 'recorded':
        for (const counts of message.recordings) {
          const order = this.#recordings.get(counts.id)
          if (counts.ended !== null) this.#recordings.delete(counts.id)
          else if (order) this.#recordings.set(counts.id, { ...order, ...counts })
        }
        break
      case 'answer':
        this.#asking.get(message.id)?.resolve(message.answer)
        return
      case 'store-port-lost':
        this.#lendPort(this.#parts.store)
        return
      case 'report':
        this.#awaitReport()
        break
      case 'log':
        this.#parts.logger[message.level](message.message, message.fields)
        return
      case 'link':
      case 'tap':
        break
    }
    this.#parts.onMessage(message)
  }

  /** Brokers a port between the thread and the store's writer; tried again while the writer itself is away. */
  #lendPort(store: Store): void {
    if (this.#closed || !this.#worker) return
    try {
      const port = store.directPort()
      const message: ToDataPlane = { type: 'store-port', port }
      this.#worker.postMessage(message, [port])
    } catch (error) {
      this.#parts.logger.warn(`The router has no way to the store: ${String(error)}.`)
      const worker = this.#worker
      this.#lending?.[Symbol.dispose]()
      this.#lending = this.#parts.clock.after(1_000, () => {
        if (worker === this.#worker) this.#lendPort(store)
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
    for (const answer of this.#publishing.values()) answer.reject(routerRestarting())
    for (const waiting of [this.#reading, this.#asking, this.#replaying]) {
      for (const answer of waiting.values()) answer.reject(routerRestarting())
    }
    const pause = this.#pauseMs
    this.#pauseMs = Math.min(lastPauseMs, pause * 2)
    this.#parts.onCrash(reason, pause)
    this.#restart = this.#parts.clock.after(pause, () => {
      if (!this.#closed) this.#start()
    })
  }

  #fail(reason: string): void {
    const error = new ConsoleError('router-closed', reason, 'Open the site again.')
    for (const waiting of [this.#publishing, this.#reading, this.#asking, this.#replaying, this.#configuring]) {
      for (const answer of waiting.values()) answer.reject(error)
    }
  }

  #post(message: ToDataPlane): void {
    this.#worker?.postMessage(message)
  }

  async #within<T>(
    answer: PromiseWithResolvers<T>,
    tooLate: string,
    forget: () => void,
    withinMs = answerMs,
  ): Promise<T> {
    if (this.#closed) this.#fail('The router was closed.')
    else if (!this.#worker && this.#configuring.size === 0) answer.reject(routerRestarting())
    const patience = this.#parts.clock.after(withinMs, () =>
      answer.reject(
        new ConsoleError('router-silent', tooLate, 'Try again; look at the router on Overview if it goes on.', {
          retryable: true,
        }),
      ),
    )
    try {
      return await answer.promise
    } finally {
      patience[Symbol.dispose]()
      forget()
    }
  }
}

function routerRestarting(): ConsoleError {
  return new ConsoleError(
    'router-restarting',
    'The router ended and is being started again, so the request was not finished.',
    'Try again in a moment.',
    { retryable: true },
  )
}
