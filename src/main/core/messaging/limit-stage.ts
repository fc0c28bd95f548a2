import { createHash } from 'node:crypto'
import type { RouteLimit } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { type Expression, type Expressions, reasonOf } from './expressions.ts'
import { IncomingMessage } from './incoming-message.ts'
import { RateLimit } from './rate-limit.ts'
import { kept } from './targets.ts'
import type { TopicMistake } from './topic-filter.ts'

/** Longest key that is remembered as it is, in characters; of a longer one its hash is. */
const longestKey = 128

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
}

/** What a stage tells of messages that it held: one goes on, and is to be taken through the stages that follow. */
export interface LimitHooks {
  goesOn(message: IncomingMessage): void
  /** One that was held gave way to a newer one of its key. */
  superseded(): void
}

/** The `limit` of a route: how often messages of one key go on. */
export class LimitStage implements Disposable {
  /** Whether the key depends on the payload. */
  readonly needsPayload: boolean
  readonly #limit: RouteLimit
  readonly #key: Expression | null
  readonly #rate: RateLimit<Waiting>
  readonly #hooks: LimitHooks
  /** Apart from the message that the router is at: one that waited may go on while another is being looked at. */
  readonly #again = new IncomingMessage()

  constructor(limit: RouteLimit, key: Expression | null, clock: Clock, hooks: LimitHooks) {
    this.#limit = limit
    this.#key = key
    this.needsPayload = key?.needsPayload ?? false
    this.#hooks = hooks
    this.#rate = new RateLimit(limit, clock, (waiting) => this.#goOn(waiting))
  }

  /** Decides about a message. Throws a sentence when its key cannot be told. */
  take(message: IncomingMessage): Limited {
    const key = this.#keyOf(message)
    if (this.#rate.admit(key)) return 'passes'
    if (this.#limit.keep === 'first') return 'limited'
    const { topicName, topic, at, retained, qosNumber } = message
    const held = kept(message.bytes)
    const copy = Buffer.isBuffer(held) ? held : Buffer.from(held)
    const waiting = { topicName, topic, bytes: copy, at, retained, qos: qosNumber }
    const bytes = copy.length + 2 * (topicName.length + key.length) + overhead
    if (this.#rate.hold(key, waiting, bytes)) this.#hooks.superseded()
    return 'held'
  }

  /** Lets everything go on that waits. */
  flush(): void {
    this.#rate.flush()
  }

  [Symbol.dispose](): void {
    this.#rate[Symbol.dispose]()
  }

  #goOn({ topicName, topic, bytes, at, retained, qos }: Waiting): void {
    this.#again.hold(topicName, topic, bytes, at, retained, qos)
    this.#hooks.goesOn(this.#again)
  }

  #keyOf(message: IncomingMessage): string {
    if (this.#limit.per === 'topic') return message.topicName
    if (this.#limit.per === 'route' || this.#key === null) return ''
    let value: unknown
    try {
      value = this.#key.run(message)
    } catch (error) {
      throw new Error(`"limit.per" failed: ${reasonOf(error)}`)
    }
    switch (typeof value) {
      case 'string':
        return value.length > longestKey ? createHash('sha256').update(value).digest('hex') : value
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(value)
      default:
        throw new Error('"limit.per" gave neither a text, nor a number, nor true or false')
    }
  }
}

/** Compiles a limit, or says what is wrong with its key. */
export function compileLimit(
  limit: RouteLimit,
  expressions: Expressions,
  clock: Clock,
): { readonly stage: (hooks: LimitHooks) => LimitStage } | { readonly mistake: TopicMistake } {
  const { per } = limit
  if (typeof per === 'string') return { stage: (hooks) => new LimitStage(limit, null, clock, hooks) }
  const key = expressions.key(per.expression)
  if ('mistake' in key) return key
  return { stage: (hooks) => new LimitStage(limit, key.expression, clock, hooks) }
}

/** A limit in words, the end of a sentence: "5 in 1 s for each topic, the latest kept". */
export function limitInWords({ rate, per, keep }: RouteLimit): string {
  const whose = per === 'topic' ? ' for each topic' : per === 'route' ? '' : ` for each value of \`${per.expression}\``
  return `${rate.count} in ${periodInWords(rate.perMs)}${whose}${keep === 'latest' ? ', the latest kept' : ''}`
}

function periodInWords(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const [size, unit] = units.find(([size]) => ms % size === 0) ?? [1, 'ms']
  return `${ms / size} ${unit}`
}
