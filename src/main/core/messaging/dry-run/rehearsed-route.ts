import type { RouteDefinition } from '#core/config/index.ts'
import type { RouteOutcome, RouteOutput, StoredMessage } from '#shared/contract/index.ts'
import { propertiesIn } from '../brought.ts'
import { Expressions } from '../expressions.ts'
import type { HeldPlace } from '../holding/holding.ts'
import { IncomingMessage } from '../incoming-message.ts'
import type { LookupTables } from '../lookup/lookup-tables.ts'
import { compileRoute, type RouteChain, type RouteFunctions } from '../route-chain.ts'
import type { Payload } from '../targets.ts'
import { ReplayClock } from './replay-clock.ts'

/** So many messages may be in the function of a route at a time. */
const mostInside = 256

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
  /** What the messages belong to that are in hand: the one that is taken now, or those that waited and go on. */
  #inHand: readonly Kept[] = []
  /** Those that wait, by their places. */
  readonly #waiting = new WeakMap<HeldPlace, Kept>()
  #lastAt: number

  readonly #brokers: readonly string[]

  /**
   * Throws the first mistake of a route that cannot be compiled. `brokers` are those of the site, the first one meant where a route names
   * none.
   */
  constructor(
    route: RouteDefinition,
    from: number,
    tables: LookupTables,
    brokers: readonly string[],
    functions?: RouteFunctions,
  ) {
    this.#brokers = brokers
    this.#clock = new ReplayClock(from)
    this.#lastAt = from
    const compiled = compileRoute(route, {
      expressions: new Expressions(tables),
      clock: this.#clock,
      functions,
      later: (_message, _route, result) => {
        if (result === 'filtered') for (const kept of this.#inHand) kept.result = result
      },
      quarantine: { hold: (_route, _message, reason) => this.#quarantined(reason) },
      holdingOf: () => ({
        hold: () => this.#place(),
        release: (places, go, together) => this.#goOn(places, go, together),
        forget: () => {},
      }),
      targetOf: (to, ledger) => ({
        offer: (_message, payload) => {
          this.#offered(to.kind === ledger.name ? ledger.name : `${to.kind} ${ledger.name}`, payload)
          return 'delivered'
        },
        retire: () => {},
      }),
    })
    if ('mistake' in compiled) throw new Error(compiled.mistake)
    this.#chain = compiled.chain
  }

  async take(stored: StoredMessage): Promise<void> {
    this.#clock.advanceTo(stored.at)
    await this.#through()
    this.#lastAt = Math.max(this.#lastAt, stored.at)
    const kept: Kept = { result: 'not matched', reason: null, outputs: [] }
    this.#outcomes.push(kept)
    const { definition, source } = this.#chain
    if (!definition.on || !hears(definition, stored, this.#brokers) || !source.matches(stored.topic)) return
    holdStored(this.#message, stored)
    this.#inHand = [kept]
    const result = this.#chain.take(this.#message)
    this.#inHand = []
    // With its batch it may have gone on already.
    if (kept.result !== 'not matched') return
    kept.result =
      result === 'filtered' || result === 'limited' || result === 'quarantined' || result === 'held' ? result : 'passed'
  }

  /** What became of each message, in their order, once no other comes. */
  async outcomes(): Promise<readonly RouteOutcome[]> {
    // Nothing waits longer than the period of the limit and the window of the batch; what has not gone on by then gave way to a newer one.
    const { limit, batch } = this.#chain.definition
    const limitedUntil = this.#lastAt + (limit?.rate.perMs ?? 0)
    if (this.#hasFunction) {
      this.#clock.advanceTo(limitedUntil)
      await this.#through(true)
    }
    this.#clock.advanceTo(limitedUntil + (batch?.windowMs ?? 0))
    return this.#outcomes.map(({ result, ...rest }) => ({ result: result === 'held' ? 'limited' : result, ...rest }))
  }

  [Symbol.dispose](): void {
    this.#chain.close()
  }

  get #hasFunction(): boolean {
    const { map } = this.#chain.definition
    return map !== null && typeof map !== 'string'
  }

  /** Waits for the function where what comes next depends on it, or too many are in it; or at the `end`. */
  async #through(end = false): Promise<void> {
    if (!this.#hasFunction) return
    const isFull = this.#outcomes.length % mostInside === 0
    if (!end && !isFull && this.#chain.definition.batch === null) return
    await new Promise<void>((through) => this.#chain.whenThrough(through))
  }

  /** A message begins to wait. */
  #place(): HeldPlace {
    const place = {}
    const kept = this.#inHand[0]
    if (kept) this.#waiting.set(place, kept)
    return place
  }

  /** What waited goes on; with it the message that is taken now, when that makes a batch whole. */
  #goOn(places: readonly HeldPlace[], go: () => void, together: boolean): void {
    const before = this.#inHand
    const waited = places.flatMap((place) => this.#waiting.get(place) ?? [])
    this.#inHand = together ? [...waited, ...before] : waited
    go()
    this.#inHand = before
  }

  /** What is given to a target came of the newest in hand; the others are a part of it. */
  #offered(target: string, payload: Payload): void {
    const newest = this.#inHand.at(-1)
    for (const kept of this.#inHand) kept.result = kept === newest ? 'passed' : 'merged'
    newest?.outputs.push({ target, ...shown(payload) })
  }

  #quarantined(reason: string): void {
    for (const kept of this.#inHand) {
      kept.reason = reason
      kept.result = 'quarantined'
    }
  }
}

/** Takes a message as it was kept. */
export function holdStored(message: IncomingMessage, stored: StoredMessage): void {
  const { topic, at, retain, qos, properties, client } = stored
  message.hold(
    topic,
    topic.split('/'),
    Buffer.from(stored.payload, stored.encoding),
    at,
    retain,
    qos,
    propertiesIn(properties),
    client === undefined ? null : { client, user: null },
  )
}

/**
 * Whether a route listens where a message came from. One of which that is not known, or that came from a broker which the site does not
 * have, may have come from any.
 */
export function hears(route: RouteDefinition, { broker }: StoredMessage, brokers: readonly string[]): boolean {
  return broker === undefined || !brokers.includes(broker) || (route.broker ?? brokers[0]) === broker
}

/** A payload as it is shown: text where it is one, else hex. */
function shown(payload: Payload): Omit<RouteOutput, 'target'> {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload)
  const text = bytes.toString()
  const utf8 = Buffer.from(text).equals(bytes)
  const whole = utf8 ? text : bytes.toString('hex')
  return { payload: whole.slice(0, longestShown), encoding: utf8 ? 'utf8' : 'hex', cut: whole.length > longestShown }
}
