import type { RouteDefinition } from '#core/config/index.ts'
import type { RouteOutcome, RouteOutput, StoredMessage } from '#shared/contract/index.ts'
import { Expressions } from '../expressions.ts'
import { IncomingMessage } from '../incoming-message.ts'
import type { LookupTables } from '../lookup/lookup-tables.ts'
import { compileRoute, type RouteChain } from '../route-chain.ts'
import type { Payload } from '../targets.ts'
import { ReplayClock } from './replay-clock.ts'

/** Longest payload that is shown of what a target would be given, in characters. */
const longestShown = 16 * 1024

interface Kept {
  result: RouteOutcome['result'] | 'held'
  reason: string | null
  readonly outputs: RouteOutput[]
}

/**
 * One route with nothing behind it: takes recorded messages and notes what it would have given to each target. A limit counts by the
 * times at which the messages came.
 */
export class RehearsedRoute implements Disposable {
  readonly #chain: RouteChain
  readonly #clock: ReplayClock
  readonly #message = new IncomingMessage()
  readonly #outcomes: Kept[] = []
  /** Those that wait under a limit, by what tells them apart. Equal ones take each other's place, so the newest is meant. */
  readonly #waiting = new Map<string, Kept>()
  /** The one that is taken now, and the one that waited and goes on. */
  #current: Kept | undefined
  #goingOn: { readonly key: string; readonly kept: Kept } | undefined
  #lastAt: number

  /** Throws the first mistake of a route that cannot be compiled. */
  constructor(route: RouteDefinition, from: number, tables: LookupTables) {
    this.#clock = new ReplayClock(from)
    this.#lastAt = from
    const compiled = compileRoute(route, {
      expressions: new Expressions(tables),
      clock: this.#clock,
      quarantine: { hold: (_route, message, reason) => this.#quarantined(message, reason) },
      targetOf: (to, ledger) => ({
        offer: (message, payload) => {
          this.#offered(to.kind === ledger.name ? ledger.name : `${to.kind} ${ledger.name}`, message, payload)
          return 'delivered'
        },
        retire: () => {},
      }),
    })
    if ('mistake' in compiled) throw new Error(compiled.mistake)
    this.#chain = compiled.chain
  }

  take(stored: StoredMessage): void {
    this.#clock.advanceTo(stored.at)
    this.#lastAt = Math.max(this.#lastAt, stored.at)
    const kept: Kept = { result: 'not matched', reason: null, outputs: [] }
    this.#outcomes.push(kept)
    const { definition, source } = this.#chain
    if (!definition.on || !source.matches(stored.topic)) return
    const bytes = Buffer.from(stored.payload, stored.encoding)
    this.#message.hold(stored.topic, stored.topic.split('/'), bytes, stored.at, stored.retain, stored.qos)
    this.#current = kept
    const result = this.#chain.take(this.#message)
    this.#current = undefined
    kept.result =
      result === 'filtered' || result === 'limited' || result === 'quarantined' || result === 'held' ? result : 'passed'
    if (result === 'held') {
      this.#waiting.set(identity(this.#message), kept)
      this.#goingOn = undefined
    }
  }

  /** What became of each message, in their order, once no other comes. */
  outcomes(): readonly RouteOutcome[] {
    // Nothing waits longer than the period of the limit; what has not gone on by then gave way to a newer one.
    this.#clock.advanceTo(this.#lastAt + (this.#chain.definition.limit?.rate.perMs ?? 0))
    return this.#outcomes.map(({ result, ...rest }) => ({ result: result === 'held' ? 'limited' : result, ...rest }))
  }

  [Symbol.dispose](): void {
    this.#waiting.clear()
    this.#chain.close()
  }

  /** The message that is taken now, or the one that waited and goes on. */
  #of(message: IncomingMessage): Kept | undefined {
    if (this.#current !== undefined && message === this.#message) return this.#current
    const key = identity(message)
    // Each of its targets asks.
    if (this.#goingOn?.key === key) return this.#goingOn.kept
    const kept = this.#waiting.get(key)
    if (kept === undefined) return undefined
    this.#waiting.delete(key)
    kept.result = 'passed'
    this.#goingOn = { key, kept }
    return kept
  }

  #offered(target: string, message: IncomingMessage, payload: Payload): void {
    this.#of(message)?.outputs.push({ target, ...shown(payload) })
  }

  #quarantined(message: IncomingMessage, reason: string): void {
    const kept = this.#of(message)
    if (!kept) return
    kept.reason = reason
    kept.result = 'quarantined'
  }
}

function identity({ at, topicName, bytes }: IncomingMessage): string {
  return `${at} ${topicName} ${bytes.toString('latin1')}`
}

/** A payload as it is shown: text where it is one, else hex. */
function shown(payload: Payload): Omit<RouteOutput, 'target'> {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload)
  const text = bytes.toString()
  const utf8 = Buffer.from(text).equals(bytes)
  const whole = utf8 ? text : bytes.toString('hex')
  return { payload: whole.slice(0, longestShown), encoding: utf8 ? 'utf8' : 'hex', cut: whole.length > longestShown }
}
