import type { DeviceDefinition, OutboxBounds, RouteDefinition, WebhookCall } from '#core/config/index.ts'
import type { Clock, Logger, Runtime } from '#core/platform/index.ts'
import type { Store } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { Answers } from './answers.ts'
import { DataPlaneThread, startMs } from './data-plane-thread.ts'
import type { DeviceFacts } from './devices/device-facts.ts'
import type { RouterPorts } from './embedded-broker.ts'
import type { FunctionGround } from './function/function-process.ts'
import type { TableContents } from './lookup/lookup-tables.ts'
import type {
  Answer,
  ChannelMessage,
  FromDataPlane,
  KnownBroker,
  Question,
  RecordingOrder,
  RefusedRoute,
  ReplayedMessage,
  TapWish,
  ToDataPlane,
} from './protocol.ts'
import { StandingOrders } from './standing-orders.ts'

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

/** The data plane as the console speaks to it: orders that hold for every thread, and questions that the running one answers. */
export class DataPlaneHost implements AsyncDisposable {
  readonly #parts: DataPlaneHostParts
  readonly #orders = new StandingOrders()
  readonly #thread: DataPlaneThread
  readonly #configured: Answers<readonly RefusedRoute[]>
  readonly #published: Answers<void>
  readonly #channels: Answers<readonly ChannelMessage[]>
  readonly #replayed: Answers<Replayed>
  readonly #answered: Answers<Answer>
  #next = 1
  #closed = false

  constructor(parts: DataPlaneHostParts) {
    const { runtime, clock, logger, store } = parts
    this.#parts = parts
    this.#configured = new Answers(clock)
    this.#published = new Answers(clock)
    this.#channels = new Answers(clock)
    this.#replayed = new Answers(clock)
    this.#answered = new Answers(clock)
    this.#thread = new DataPlaneThread({
      runtime,
      clock,
      logger,
      store,
      onMessage: (message) => this.#take(message),
      onStarted: () => {
        for (const order of this.#orders.all()) this.#thread.post(order)
        parts.onThread()
      },
      onCrash: (reason, restartMs) => {
        this.#refuse(routerRestarting())
        parts.onCrash(reason, restartMs)
      },
    })
    this.#thread.begin()
  }

  /** Hands over what expressions look up. */
  useTables(contents: TableContents): void {
    this.#orders.tables = contents
    this.#thread.post({ type: 'tables', contents })
  }

  /** Hands over the devices that are described; `known` gives what was heard of them before. */
  describeDevices(definitions: readonly DeviceDefinition[], known: () => readonly DeviceFacts[]): void {
    this.#orders.devices = definitions
    this.#orders.knownDevices = known
    this.#thread.post({ type: 'devices', definitions, known: known() })
  }

  /** Resolves when the thread has forgotten it. */
  async forgetDevice(key: string): Promise<void> {
    await this.ask({ type: 'device-forget', key })
  }

  /** Hands over routes, brokers and the bounds of the outbox; resolves when they are in use, with the routes that were refused. */
  configure(
    routes: readonly RouteDefinition[],
    brokers: readonly KnownBroker[],
    bounds: OutboxBounds,
    webhooks: Readonly<Record<string, WebhookCall>>,
    functions: FunctionGround,
  ): Promise<readonly RefusedRoute[]> {
    if (this.#closed) return Promise.reject(routerClosed())
    const version = this.#next++
    this.#orders.configuration = { version, routes, brokers, bounds, webhooks, functions }
    this.#thread.post({ type: 'configure', ...this.#orders.configuration })
    const tooLate = `The router did not take over ${routes.length} routes in time.`
    return this.#configured.wait(version, startMs, tooLate)
  }

  publish(message: {
    readonly broker: string | null
    readonly topic: string
    readonly payload: string
    readonly qos: 0 | 1
    readonly retain: boolean
  }): Promise<void> {
    const id = this.#next++
    const tooLate = `The broker did not confirm the message to ${message.topic} in time. It may or may not have arrived.`
    return this.#ask(this.#published, id, { type: 'publish', id, ...message }, tooLate)
  }

  /** Sends a message of the quarantine again; resolves once it is safe elsewhere. */
  resend(message: {
    readonly route: string
    readonly target: string | null
    readonly topic: string
    readonly payload: string | Uint8Array
    readonly properties: string | null
    readonly client: string | null
  }): Promise<void> {
    const id = this.#next++
    const { route, target, topic, payload, properties, client } = message
    const tooLate = `The message to ${topic} could not be made safe in time; it stays in quarantine.`
    return this.#ask(
      this.#published,
      id,
      { type: 'resend', id, route, target, topic, payload, properties, client },
      tooLate,
    )
  }

  channel(name: string): Promise<readonly ChannelMessage[]> {
    const id = this.#next++
    const tooLate = `The channel ${name} could not be read in time.`
    return this.#ask(this.#channels, id, { type: 'channel', id, channel: name }, tooLate)
  }

  /** Asks the thread for something that it holds. Rejects with `router-restarting` or `router-silent`. */
  ask(question: Question): Promise<Answer> {
    const id = this.#next++
    return this.#ask(this.#answered, id, { type: 'ask', id, question }, 'The router did not answer in time.')
  }

  /** Keeps what an order asks for, also with the threads that come after this one. */
  record(order: RecordingOrder): void {
    this.#orders.recordings.set(order.id, order)
    this.#thread.post({ type: 'record', ...order })
  }

  endRecording(id: number): void {
    this.#thread.post({ type: 'record-end', id })
  }

  forgetRecording(id: number): void {
    this.#orders.recordings.delete(id)
  }

  /** Publishes messages in their order; resolves when the broker has them, or with why it has not. */
  replay(messages: readonly ReplayedMessage[]): Promise<Replayed> {
    const id = this.#next++
    const tooLate = 'The broker did not take the messages in time.'
    return this.#ask(this.#replayed, id, { type: 'replay', id, messages }, tooLate)
  }

  /** How often the thread was started: what it counts begins anew each time. */
  get run(): number {
    return this.#thread.run
  }

  openTap(wish: TapWish): number {
    const id = this.#next++
    this.#orders.taps.set(id, wish)
    this.#thread.post({ type: 'tap-open', id, ...wish })
    return id
  }

  moreOfTap(id: number): void {
    this.#thread.post({ type: 'tap-more', id })
  }

  closeTap(id: number): void {
    this.#orders.taps.delete(id)
    this.#thread.post({ type: 'tap-close', id })
  }

  /** Whether deliveries from the outbox wait. */
  hold(on: boolean): void {
    this.#orders.held = on
    this.#thread.post({ type: 'hold', on })
  }

  /** Gives the thread the ways from an embedded broker: see {@link ToDataPlane}. The next thread is given others. */
  admitFrom({ admission, passing, delivering }: RouterPorts): void {
    this.#thread.give({ type: 'admission-port', port: admission })
    this.#thread.give({ type: 'passing-port', port: passing })
    this.#thread.give({ type: 'delivering-port', port: delivering })
  }

  /** A broker is known to be back. */
  wake(broker: string): void {
    this.#thread.post({ type: 'wake', broker })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#thread[Symbol.asyncDispose]()
    this.#refuse(routerClosed())
    this.#configured.refuseAll(routerClosed())
  }

  #take(message: FromDataPlane): void {
    switch (message.type) {
      case 'configured': {
        const { version, routes } = this.#orders.configuration
        this.#configured.giveThrough(message.version, message.refused)
        if (message.version === version) this.#parts.onConfigured(routes, message.refused)
        return
      }
      case 'published':
        if (message.problem) this.#published.refuse(message.id, ConsoleError.from(message.problem))
        else this.#published.give(message.id, undefined)
        return
      case 'channel':
        this.#channels.give(message.id, message.messages)
        return
      case 'replayed':
        this.#replayed.give(message.id, message)
        return
      case 'answer':
        this.#answered.give(message.id, message.answer)
        return
      case 'recorded':
        this.#orders.advance(message.recordings)
        break
    }
    this.#parts.onMessage(message)
  }

  /** Asks the running thread; what it did not answer when it ends is refused, as nobody knows what became of it. */
  #ask<T>(answers: Answers<T>, id: number, question: ToDataPlane, tooLate: string): Promise<T> {
    if (this.#closed) return Promise.reject(routerClosed())
    if (!this.#thread.runs) return Promise.reject(routerRestarting())
    this.#thread.post(question)
    return answers.wait(id, answerMs, tooLate)
  }

  /** Refuses everything that was asked of one thread. A configuration is for the next one as well. */
  #refuse(error: ConsoleError): void {
    for (const answers of [this.#published, this.#channels, this.#replayed, this.#answered]) answers.refuseAll(error)
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

function routerClosed(): ConsoleError {
  return new ConsoleError('router-closed', 'The router was closed.', 'Open the site again.')
}
