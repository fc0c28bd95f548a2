import { type MessagePort, Worker } from 'node:worker_threads'
import type { EventLog } from '#core/events/index.ts'
import {
  type Builtin,
  type BuiltinContext,
  type Clock,
  type Logger,
  type RunningBuiltin,
  type Runtime,
  threadMemory,
} from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { OwnLogin } from './broker/door.ts'
import { messagingEvents } from './event-kinds.ts'
import type { BrokerSettings, FromBroker, ToBroker } from './protocol.ts'

/** How long the thread may take until it listens, and until it has closed everything when asked to stop. */
const startMs = 60_000
const stopMs = 2_000
/** Pause before the store is asked again for a way to it. */
const lendMs = 1_000
/** How long it may take to say who is connected. */
const whoMs = 1_000

export interface BrokerStatus {
  readonly state: 'off' | 'starting' | 'running' | 'failed'
  readonly clients: number
  /** `host:port` while it listens. */
  readonly address: string | null
}

/** A broker's ends of its ways to the router: see {@link ToBroker}. */
export interface RouterPorts {
  readonly admission: MessagePort
  readonly passing: MessagePort
  readonly delivering: MessagePort
}

export interface EmbeddedBrokerParts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly events: EventLog
  /** A broker starts: `give` hands it its ways to the router. */
  readonly onThread: (give: (ports: RouterPorts) => void) => void
  /** A way straight to the store's writer. Throws while that is away. */
  readonly storePort: () => MessagePort
  /** Who may use the broker of a service, with the passwords that site.yaml refers to. Throws what the operator can act on. */
  readonly rulesOf: (service: string) => Pick<BrokerSettings, 'rules' | 'passwords'>
  /** As whom the console itself connects. */
  readonly own: OwnLogin
  /** Told whenever the status changes. */
  readonly onStatus: (status: BrokerStatus) => void
  /** Told, at most four times a second, of clients whose figures changed and of those that have gone. */
  readonly onFigures: (figures: ClientsChange) => void
}

export type ClientsChange = Omit<Extract<FromBroker, { type: 'figures' }>, 'type'>

/** The embedded broker as a builtin service: one thread per start. */
export class EmbeddedBroker implements Builtin, AsyncDisposable {
  readonly #parts: EmbeddedBrokerParts
  readonly #running = new Set<BrokerThread>()
  #admission = false

  constructor(parts: EmbeddedBrokerParts) {
    this.#parts = parts
  }

  async start(context: BuiltinContext): Promise<RunningBuiltin> {
    const port = context.ports.mqtt
    if (port === undefined) {
      throw new ConsoleError(
        'port-missing',
        `The broker ${context.service} has no port named "mqtt".`,
        'Give it one in site.yaml: "ports: { mqtt: 1883 }".',
      )
    }
    const { rulesOf, own } = this.#parts
    const { service, bind: host } = context
    const settings = { service, host, port, admission: this.#admission, ...rulesOf(service), own }
    const thread = new BrokerThread(service, settings, this.#parts)
    this.#running.add(thread)
    this.#parts.onThread((ports) => thread.meet(ports))
    try {
      await thread.listening
    } catch (error) {
      this.#running.delete(thread)
      throw error
    }
    void thread.ended.then(() => this.#running.delete(thread))
    return {
      health: () => thread.health(),
      ended: thread.ended,
      stop: async () => {
        await thread.stop()
        this.#running.delete(thread)
      },
    }
  }

  /** Whether a router must have messages of QoS 1 before they are acknowledged. */
  askRouter(on: boolean): void {
    if (on === this.#admission) return
    this.#admission = on
    for (const thread of this.#running) thread.say({ type: 'admission', on })
  }

  /** Gives every broker that runs its ways to the router, made by `portsFor`. */
  introduce(portsFor: () => RouterPorts): void {
    for (const thread of this.#running) thread.meet(portsFor())
  }

  /** Ids of the clients that are connected to it now. Empty when it does not run. */
  async clients(): Promise<readonly string[]> {
    return (await Promise.all([...this.#running].map((thread) => thread.clients()))).flat()
  }

  /** Ends it as a crash would: without a word to anybody, all its connections with it. Resolves once it is gone. */
  async cut(why: string, cause: Cause): Promise<void> {
    await Promise.all([...this.#running].map((thread) => thread.cut(why, cause)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((thread) => thread.stop()))
  }
}

/** One run of the broker in its thread. */
class BrokerThread {
  /** Resolves when it listens; rejects with what the operator can act on. */
  readonly listening: Promise<void>
  /** Resolves with the reason when it ends unasked. */
  readonly ended: Promise<string>
  readonly #service: string
  readonly #settings: BrokerSettings
  readonly #parts: EmbeddedBrokerParts
  readonly #worker: Worker
  readonly #exited: Promise<void>
  #status: BrokerStatus = { state: 'starting', clients: 0, address: null }
  #stopping = false
  #error: string | undefined
  #lending: Disposable | undefined
  #gone = false
  /** Who ended it on purpose. */
  #cutBy: Cause | null = null
  readonly #asked: ((clients: readonly string[]) => void)[] = []

  constructor(service: string, settings: BrokerSettings, parts: EmbeddedBrokerParts) {
    this.#service = service
    this.#settings = settings
    this.#parts = parts
    const worker = new Worker(parts.runtime.program('broker'), {
      name: 'broker',
      workerData: settings,
      execArgv: [],
      resourceLimits: threadMemory.busy,
    })
    this.#worker = worker
    const listening = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<string>()
    const exited = Promise.withResolvers<void>()
    this.listening = listening.promise
    this.ended = ended.promise
    this.#exited = exited.promise
    this.#become({})
    this.#lendStorePort()
    const patience = parts.clock.after(startMs, () => {
      listening.reject(
        new ConsoleError(
          'broker-silent',
          `The broker ${service} did not listen within ${startMs / 1000} s.`,
          'Start it again.',
          {
            retryable: true,
          },
        ),
      )
      void this.stop()
    })
    worker.on('message', (message: FromBroker) => {
      switch (message.type) {
        case 'listening':
          patience[Symbol.dispose]()
          this.#started(message.port)
          listening.resolve()
          break
        case 'failed':
          this.#stopping = true
          this.#become({ state: 'failed' })
          listening.reject(problemOf(message.code, message.reason, service, settings))
          break
        case 'who':
          this.#asked.shift()?.(message.clients)
          break
        case 'clients':
          this.#become({ clients: message.now })
          break
        case 'store-port-lost':
          this.#lendStorePort()
          break
        case 'refusal':
          parts.logger.warn(message.message)
          parts.events.emit({
            kind: messagingEvents.brokerRefused,
            subject: `service:${service}`,
            severity: 'notice',
            message: message.message,
            cause: { type: 'observation', what: 'the broker refused a client something' },
          })
          break
        case 'figures':
          parts.onFigures(message)
          break
        case 'log':
          parts.logger[message.level](message.message, message.fields)
          break
      }
    })
    worker.on('error', (error) => {
      this.#error = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => {
      this.#lending?.[Symbol.dispose]()
      this.#gone = true
      patience[Symbol.dispose]()
      exited.resolve()
      if (this.#stopping) return
      const reason = this.#error ? `Its thread ended: ${this.#error}.` : 'Its thread ended by itself.'
      listening.reject(
        new ConsoleError('broker-ended', `The broker ${service} ended while it started. ${reason}`, 'Start it again.'),
      )
      this.#become({ state: 'failed', clients: 0, address: null })
      this.#tellStopped('warning', `The MQTT broker has stopped unasked. ${reason}`, reason)
      ended.resolve(reason)
    })
  }

  /** Gives it its ways to the router. */
  meet({ admission, passing, delivering }: RouterPorts): void {
    this.say({ type: 'router-ports', admission, passing, delivering }, [admission, passing, delivering])
  }

  say(message: ToBroker, transfer: readonly MessagePort[] = []): void {
    this.#worker.postMessage(message, [...transfer])
  }

  health(): ReturnType<RunningBuiltin['health']> {
    const { state, clients, address } = this.#status
    return state === 'running'
      ? { health: 'healthy', sentence: `Listening on ${address}, ${clients} ${clients === 1 ? 'client' : 'clients'}.` }
      : { health: 'unhealthy', sentence: 'The broker does not listen.' }
  }

  /** Empty also when it does not say within a second. */
  clients(): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    const patience = this.#parts.clock.after(whoMs, () => resolve([]))
    this.#asked.push((clients) => {
      patience[Symbol.dispose]()
      resolve(clients)
    })
    this.say({ type: 'who' })
    return promise
  }

  /** Ends the thread as a crash would. */
  async cut(why: string, cause: Cause): Promise<void> {
    this.#error = why
    this.#cutBy = cause
    await this.#worker.terminate()
  }

  /** Resolves when the thread is gone and the port is free. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true
      const wasRunning = this.#status.state === 'running'
      this.say({ type: 'stop' })
      const impatience = this.#parts.clock.after(stopMs, () => void this.#worker.terminate())
      await this.#exited
      impatience[Symbol.dispose]()
      this.#become({ state: 'off', clients: 0, address: null })
      if (wasRunning) this.#tellStopped('info', `The MQTT broker has stopped.`, 'it was asked to')
    }
    await this.#exited
  }

  /** Tried again while the writer itself is away. */
  #lendStorePort(): void {
    if (this.#gone) return
    try {
      const port = this.#parts.storePort()
      this.say({ type: 'store-port', port }, [port])
    } catch (error) {
      this.#parts.logger.warn(`The broker has no way to the store: ${String(error)}.`)
      this.#lending = this.#parts.clock.after(lendMs, () => this.#lendStorePort())
    }
  }

  #started(port: number): void {
    const address = `${this.#settings.host.includes(':') ? `[${this.#settings.host}]` : this.#settings.host}:${port}`
    this.#become({ state: 'running', address })
    this.#parts.events.emit({
      kind: messagingEvents.brokerStarted,
      subject: `service:${this.#service}`,
      severity: 'info',
      message: `The MQTT broker listens on ${address}.`,
      cause: { type: 'observation', what: 'the broker thread said that it listens' },
      data: { address },
    })
  }

  #tellStopped(severity: 'info' | 'warning', message: string, why: string): void {
    this.#parts.events.emit({
      kind: messagingEvents.brokerStopped,
      subject: `service:${this.#service}`,
      severity,
      message,
      cause: this.#cutBy ?? { type: 'observation', what: why },
    })
  }

  #become(change: Partial<BrokerStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#parts.onStatus(this.#status)
  }
}

function problemOf(code: string, reason: string, service: string, { host, port }: BrokerSettings): ConsoleError {
  const params = { service, address: host, port }
  switch (code) {
    case 'EADDRINUSE':
      return new ConsoleError(
        'port-in-use',
        `The broker ${service} cannot listen on ${host}:${port}: another program holds that port.`,
        'Stop that program, or give the broker another port in site.yaml.',
        { params, retryable: true },
      )
    case 'EACCES':
      return new ConsoleError(
        'port-not-permitted',
        `The broker ${service} may not listen on ${host}:${port}: this user has no right to that port.`,
        'Choose a port from 1024 up in site.yaml.',
        { params },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConsoleError(
        'address-not-available',
        `The broker ${service} cannot listen on ${host}: this machine does not have that address.`,
        'Correct "bind" in site.yaml, or connect the network that has the address.',
        { params, retryable: true },
      )
    default:
      return new ConsoleError(
        'broker-failed',
        `The broker ${service} cannot listen on ${host}:${port}: ${reason}.`,
        'Look at the console’s log, correct site.yaml, and start it again.',
        { params, retryable: true },
      )
  }
}
