import type { RouteLimit } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Expressions } from './expressions.ts'
import type { HeldPlace } from './holding/holding.ts'
import { IncomingMessage } from './incoming-message.ts'
import { compileKey, eachInWords, type MessageKey } from './message-key.ts'
import { bytesOfProperties, type MessageProperties } from './message-properties.ts'
import { RateLimit } from './rate-limit.ts'
import type { Sender } from './sender.ts'
import { kept } from './targets.ts'
import type { TopicMistake } from './topic-filter.ts'

/** What a held message takes besides its payload, topic and key, in bytes. */
const overhead = 256

/** What a limit does with a message: lets it go on, keeps it for later, or gives it up. */
export type Limited = 'passes' | 'held' | 'limited'

/** A message that waits for its turn: what of it is needed then, apart from the one that is routed now. */
interface Waiting {
  readonly topicName: string
  readonly topic: readonly string[]
  readonly bytes: Buffer
  readonly at: number
  readonly retained: boolean
  readonly qos: 0 | 1 | 2
  readonly place: HeldPlace
  readonly brought: MessageProperties | null
  readonly sender: Sender | null
}

/** What a stage tells of messages that it held: one goes on, and is to be taken through the stages that follow. */
export interface LimitHooks {
  goesOn(message: IncomingMessage, place: HeldPlace): void
  /** One that was held gave way to a newer one of its key. */
  superseded(place: HeldPlace): void
  /** Keeps a message that has to wait. */
  hold(message: IncomingMessage): HeldPlace
}

/** The `limit` of a route: how often messages of one key go on. */
export class LimitStage implements Disposable {
  /** Whether the key depends on the payload. */
  readonly needsPayload: boolean
  readonly #limit: RouteLimit
  readonly #key: MessageKey
  readonly #rate: RateLimit<Waiting>
  readonly #hooks: LimitHooks
  /** Apart from the message that the router is at: one that waited may go on while another is being looked at. */
  readonly #again = new IncomingMessage()

  constructor(limit: RouteLimit, key: MessageKey, clock: Clock, hooks: LimitHooks) {
    this.#limit = limit
    this.#key = key
    this.needsPayload = key.needsPayload
    this.#hooks = hooks
    this.#rate = new RateLimit(limit, clock, (waiting) => this.#goOn(waiting))
  }

  /** Decides about a message. Throws a sentence when its key cannot be told. */
  take(message: IncomingMessage): Limited {
    const key = this.#key.of(message)
    if (this.#rate.admit(key)) return 'passes'
    if (this.#limit.keep === 'first') return 'limited'
    this.#wait(key, message, this.#hooks.hold(message))
    return 'held'
  }

  /** Takes back one that waited in an earlier run: a newer one of its key that waits already counts in its stead. */
  restore(message: IncomingMessage, place: HeldPlace): void {
    const key = this.#key.of(message)
    const newer = this.#rate.waiting(key)
    if (newer !== undefined && newer.at > message.at) this.#hooks.superseded(place)
    else if (this.#rate.admit(key)) this.#hooks.goesOn(message, place)
    else this.#wait(key, message, place)
  }

  /** Lets everything go on that waits. */
  flush(): void {
    this.#rate.flush()
  }

  [Symbol.dispose](): void {
    this.#rate[Symbol.dispose]()
  }

  #wait(key: string, message: IncomingMessage, place: HeldPlace): void {
    const { topicName, topic, at, retained, qosNumber, brought, sender } = message
    const held = kept(message.bytes)
    const copy = Buffer.isBuffer(held) ? held : Buffer.from(held)
    const before = this.#rate.waiting(key)
    const waiting = { topicName, topic, bytes: copy, at, retained, qos: qosNumber, brought, sender, place }
    const bytes = copy.length + bytesOfProperties(brought) + 2 * (topicName.length + key.length) + overhead
    if (this.#rate.hold(key, waiting, bytes) && before) this.#hooks.superseded(before.place)
  }

  #goOn({ topicName, topic, bytes, at, retained, qos, brought, sender, place }: Waiting): void {
    this.#again.hold(topicName, topic, bytes, at, retained, qos, brought, sender)
    this.#hooks.goesOn(this.#again, place)
  }
}

/** Compiles a limit, or says what is wrong with its key. */
export function compileLimit(
  limit: RouteLimit,
  expressions: Expressions,
  clock: Clock,
): { readonly stage: (hooks: LimitHooks) => LimitStage } | { readonly mistake: TopicMistake } {
  const compiled = compileKey('limit.per', limit.per, expressions)
  if ('mistake' in compiled) return compiled
  return { stage: (hooks) => new LimitStage(limit, compiled.key, clock, hooks) }
}

/** A limit in words, the end of a sentence: "5 in 1 s for each topic, the latest kept". */
export function limitInWords({ rate, per, keep }: RouteLimit): string {
  return `${rate.count} in ${periodInWords(rate.perMs)}${eachInWords(per)}${keep === 'latest' ? ', the latest kept' : ''}`
}

/** A time as short as it can be said: "250 ms", "5 min". */
export function periodInWords(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const [size, unit] = units.find(([size]) => ms % size === 0) ?? [1, 'ms']
  return `${ms / size} ${unit}`
}
