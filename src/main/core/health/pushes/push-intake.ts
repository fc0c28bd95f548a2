import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { type Clock, type Logger, type Runtime, threadMemory, writeDurably } from '#core/platform/index.ts'
import type { BrokerLogin, FromIntake, IntakeSettings, PushingService, ToIntake } from './intake-protocol.ts'
import { pushTopic } from './intake-protocol.ts'
import { pushToken } from './push-token.ts'
import type { Pushes } from './pushes.ts'

export interface PushIntakeParts {
  /** The site's `.wheelhouse` folder, where the port is kept: services that survive the console go on pushing. */
  readonly folder: string
  /** What the tokens of services are made from. It comes from outside the site's folder: that may have come from elsewhere. */
  readonly secret: string
  readonly pushes: Pushes
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

const listenWithinMs = 15_000
/** Pause before a thread that ended unasked is started again; doubled up to the last. */
const firstPauseMs = 200
const lastPauseMs = 10_000

/** Refused pushes that are logged in a minute; of others it is counted how many there were. Anybody may send to the site's broker. */
const mostRefusalsLogged = 20

const fileSchema = z.object({ port: z.number().int().min(0).max(65_535) })

/**
 * Keeps the thread that takes pushes, while there is a service that may push. Nothing listens otherwise. What it takes it
 * gives to {@link Pushes}.
 */
export class PushIntake implements AsyncDisposable {
  readonly #parts: PushIntakeParts
  readonly #file: string
  #services: readonly PushingService[] = []
  /** How often each service was started anew: what was on its way from before counts for nothing. */
  readonly #starts = new Map<string, number>()
  #broker: string | null = null
  #login: BrokerLogin | null = null
  #settings: IntakeSettings | null = null
  #worker: Worker | undefined
  #ended: Promise<void> = Promise.resolve()
  #listening = Promise.withResolvers<void>()
  #pause: Disposable | undefined
  #pauseMs = firstPauseMs
  #turn: Promise<void> = Promise.resolve()
  #closed = false
  #refusals = { minute: 0, logged: 0, unlogged: 0 }

  constructor(parts: PushIntakeParts) {
    this.#parts = parts
    this.#file = join(parts.folder, 'push.json')
  }

  /** Takes over who may push and where the broker is. Resolves when it listens, or has been found unable to. */
  configure(services: readonly PushingService[], broker: string | null, login: BrokerLogin | null): Promise<void> {
    this.#turn = this.#turn.then(() => this.#configure(services, broker, login))
    return this.#turn
  }

  /** A service is started anew. */
  started(service: string): void {
    const starts = (this.#starts.get(service) ?? 0) + 1
    this.#starts.set(service, starts)
    this.#parts.pushes.forget(service)
    this.#post({ type: 'started', service, starts })
  }

  /** What a service is told in its environment; nothing when it may not push. */
  environmentOf(service: string): Readonly<Record<string, string>> {
    const may = this.#services.find(({ id }) => id === service)
    if (!may) return {}
    const settings = this.#settings
    return {
      ...(may.http &&
        settings &&
        settings.port > 0 && {
          WHEELHOUSE_PUSH_URL: `http://127.0.0.1:${settings.port}/services/${service}`,
          WHEELHOUSE_PUSH_TOKEN: pushToken(settings.secret, service),
        }),
      ...(may.mqtt && { WHEELHOUSE_PUSH_TOPIC: pushTopic(service) }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#turn
    await this.#stop()
  }

  async #configure(
    services: readonly PushingService[],
    broker: string | null,
    login: BrokerLogin | null,
  ): Promise<void> {
    if (this.#closed) return
    for (const { id } of this.#services) {
      if (!services.some((other) => other.id === id)) this.#parts.pushes.forget(id)
    }
    this.#services = services
    this.#broker = broker
    this.#login = login
    if (services.length === 0) return this.#stop()
    this.#settings ??= await this.#read()
    if (this.#worker) this.#postConfiguration()
    else await this.#start()
  }

  async #start(): Promise<void> {
    const settings = this.#settings
    // One that is due after a pause has been overtaken: two threads would each take a port.
    this.#pause?.[Symbol.dispose]()
    if (!settings || this.#closed || this.#worker) return
    const listening = Promise.withResolvers<void>()
    this.#listening = listening
    const worker = new Worker(this.#parts.runtime.program('push-intake'), {
      workerData: settings,
      name: 'push-intake',
      execArgv: [],
      resourceLimits: threadMemory.quiet,
    })
    const ended = Promise.withResolvers<void>()
    this.#worker = worker
    this.#ended = ended.promise
    let reason = 'it ended by itself'
    worker.on('message', (message: FromIntake) => this.#take(message, settings))
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => {
      ended.resolve()
      listening.resolve()
      if (this.#worker === worker) this.#lost(reason)
    })
    this.#postConfiguration()
    using _late = this.#parts.clock.after(listenWithinMs, () => listening.resolve())
    await listening.promise
  }

  #take(message: FromIntake, { secret, port }: IntakeSettings): void {
    const { pushes, logger } = this.#parts
    switch (message.type) {
      case 'listening':
        this.#pauseMs = firstPauseMs
        if (port > 0 && message.port !== port) {
          const remedy = 'Services that run must be restarted to know the new one.'
          logger.warn(`Port ${port}, on which services push, is taken; ${message.port} is used. ${remedy}`)
        }
        if (message.port !== port) void this.#keep({ secret, port: message.port })
        else this.#listening.resolve()
        return
      case 'failed':
        logger.error(`Services cannot push over HTTP: ${message.reason}.`)
        this.#listening.resolve()
        return
      case 'pushed':
        for (const { service, push, starts } of message.pushes) {
          const isKnown = this.#services.some(({ id }) => id === service)
          if (isKnown && starts === (this.#starts.get(service) ?? 0)) pushes.take(service, push)
        }
        for (const refused of message.refused) this.#refused(refused)
    }
  }

  #refused(refused: Extract<FromIntake, { type: 'pushed' }>['refused'][number]): void {
    const minute = Math.floor(this.#parts.clock.monotonic() / 60_000)
    if (this.#refusals.minute !== minute) this.#refusals = { ...this.#refusals, minute, logged: 0 }
    if (this.#refusals.logged >= mostRefusalsLogged) {
      this.#refusals.unlogged += refused.count
      return
    }
    const { unlogged } = this.#refusals
    this.#refusals = { minute, logged: this.#refusals.logged + 1, unlogged: 0 }
    this.#parts.logger.warn('A push was not taken.', { ...refused, ...(unlogged > 0 && { unlogged }) })
  }

  #lost(reason: string): void {
    this.#worker = undefined
    if (this.#closed || this.#services.length === 0) return
    this.#parts.logger.error(`The thread that takes pushes ended: ${reason}. Another is started.`)
    this.#pause = this.#parts.clock.after(this.#pauseMs, () => void this.#start())
    this.#pauseMs = Math.min(lastPauseMs, this.#pauseMs * 2)
  }

  async #stop(): Promise<void> {
    this.#pause?.[Symbol.dispose]()
    const worker = this.#worker
    if (!worker) return
    this.#worker = undefined
    const stop: ToIntake = { type: 'stop' }
    worker.postMessage(stop)
    using _late = this.#parts.clock.after(1_000, () => void worker.terminate())
    await this.#ended
  }

  #postConfiguration(): void {
    const starts = Object.fromEntries(this.#starts)
    this.#post({ type: 'configure', services: this.#services, broker: this.#broker, login: this.#login, starts })
  }

  #post(message: ToIntake): void {
    this.#worker?.postMessage(message)
  }

  /** The port of an earlier run, or any. */
  async #read(): Promise<IntakeSettings> {
    const { secret } = this.#parts
    try {
      return { secret, ...fileSchema.parse(JSON.parse(await readFile(this.#file, 'utf8'))) }
    } catch {
      return { secret, port: 0 }
    }
  }

  async #keep(settings: IntakeSettings): Promise<void> {
    this.#settings = settings
    await writeDurably(this.#file, `${JSON.stringify({ port: settings.port })}\n`).catch((error: unknown) =>
      this.#parts.logger.warn('The port on which services push could not be kept for the next start.', {
        error: String(error),
      }),
    )
    this.#listening.resolve()
  }
}
