import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { type Batch, type BatchStage, type CompiledBatch, compileBatch } from './batch-stage.ts'
import { compileEnrich, type Enriched, type EnrichStage } from './enrich-stage.ts'
import { type Expression, type Expressions, isMissingKey, reasonOf } from './expressions.ts'
import type { HeldPlace, HeldStage, Holding } from './holding/holding.ts'
import { IncomingMessage } from './incoming-message.ts'
import { RouteLedger, type TargetLedger } from './ledger.ts'
import { compileLimit, type LimitHooks, type LimitStage } from './limit-stage.ts'
import { gatheredProperties } from './message-properties.ts'
import { compileSchema, type PayloadSchema } from './payload-schema.ts'
import { jsonTextOf, payloadOf } from './payload-text.ts'
import { type RouteSource, sourceOf } from './route-source.ts'
import { compileTags, type TagStage } from './tag-stage.ts'
import type { Payload, Quarantine, Target } from './targets.ts'

/** A reason may repeat what a message says; more of it than this is of no use to anybody. Characters. */
const longestReason = 300

/** What one route did with one message. */
export type RouteResult = 'delivered' | 'filtered' | 'limited' | 'held' | 'queued' | 'quarantined' | 'dropped'

/** A route compiled once into its stages: condition, schema, limit, mapping, batch, targets. Every message that enters leaves through the ledger. */
export class RouteChain {
  readonly definition: RouteDefinition
  readonly ledger: RouteLedger
  readonly source: RouteSource
  readonly targets: readonly Target[]
  readonly #condition: Expression | null
  readonly #schema: PayloadSchema | null
  readonly #limit: LimitStage | null
  readonly #enrich: EnrichStage | null
  readonly #tags: TagStage | null
  readonly #mapping: Expression | null
  readonly #batch: BatchStage<RouteResult> | null
  readonly #holding: Holding
  /** Apart from the one that the router is at: a batch goes on while another message is being looked at. */
  readonly #batched = new IncomingMessage()
  /** Whether the payload must be decoded for what comes after the condition. */
  readonly #needsPayload: boolean
  readonly #quarantine: Quarantine
  readonly #clock: Pick<Clock, 'wall'>

  constructor(
    definition: RouteDefinition,
    stages: {
      readonly source: RouteSource
      readonly condition: Expression | null
      readonly schema: PayloadSchema | null
      readonly limit: ((hooks: LimitHooks) => LimitStage) | null
      readonly enrich: EnrichStage | null
      readonly tags: TagStage | null
      readonly mapping: Expression | null
      readonly batch: CompiledBatch | null
    },
    { quarantine, clock, targetOf, holdingOf }: Omit<RouteParts, 'expressions'>,
  ) {
    this.#clock = clock
    this.definition = definition
    this.source = stages.source
    this.#condition = stages.condition
    this.#schema = stages.schema
    this.#enrich = stages.enrich
    this.#tags = stages.tags
    this.#mapping = stages.mapping
    this.#limit =
      stages.limit?.({
        goesOn: (message, place) => this.#goOn(message, place),
        superseded: (place) => this.#supersede(place),
        hold: (message) => this.#holding.hold(message, 'limit'),
      }) ?? null
    this.#batch = stages.batch?.stage(clock, (batch) => this.#sendBatch(batch)) ?? null
    this.#needsPayload =
      this.#schema !== null ||
      this.#enrich !== null ||
      (stages.batch !== null && stages.mapping === null) ||
      [this.#limit, stages.batch, stages.tags, stages.mapping].some((stage) => stage?.needsPayload ?? false)
    this.#quarantine = quarantine
    this.ledger = new RouteLedger(definition)
    this.#holding = holdingOf(definition.id, this.ledger)
    this.targets = this.ledger.targets.map((ledger) => targetOf(ledger.to, ledger))
  }

  /** Takes one message through the stages. */
  take(message: IncomingMessage): RouteResult {
    this.ledger.receive(message.at)
    if (message.brought?.isSpent === true) return this.#stop(message, message.brought.hops)
    if (this.#condition !== null) {
      if (this.#condition.needsPayload && message.undecodable !== null) return this.#hold(message, message.undecodable)
      let passes: unknown
      try {
        passes = this.#condition.run(message)
      } catch (error) {
        if (!isMissingKey(error)) return this.#hold(message, `"where" failed: ${reasonOf(error)}`)
        passes = false // what the message does not say, it does not match
      }
      if (passes === false) {
        this.ledger.filter()
        return 'filtered'
      }
      if (passes !== true) return this.#hold(message, '"where" gave neither true nor false')
    }
    if (this.#needsPayload && message.undecodable !== null) return this.#hold(message, message.undecodable)
    const misfit = this.#schema === null ? null : this.#misfit(this.#schema, message)
    if (misfit !== null) return this.#hold(message, misfit)
    if (this.#limit !== null) {
      try {
        const limited = this.#limit.take(message)
        if (limited === 'limited') this.ledger.limit()
        else if (limited === 'held') this.ledger.hold()
        if (limited !== 'passes') return limited
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    return this.#pass(message)
  }

  /** Lets go what waits for its turn and the targets deliver what they hold, and nothing new. */
  retire(): void {
    this.close()
    for (const target of this.targets) target.retire()
  }

  /** Lets go what waits: nothing comes in any more. */
  close(): void {
    this.#limit?.flush()
    this.#limit?.[Symbol.dispose]()
    this.#batch?.flush()
    this.#batch?.[Symbol.dispose]()
  }

  /** Takes back a message that waited in an earlier run, into the stage where it did, or what is left of the way. The ledger counts it as held. */
  restore(message: IncomingMessage, stage: HeldStage, place: HeldPlace): void {
    if (stage === 'limit' && this.#limit !== null) {
      try {
        this.#limit.restore(message, place)
        return
      } catch (error) {
        const reason = reasonOf(error)
        this.#holding.release(
          [place],
          () => {
            this.ledger.release()
            this.#hold(message, reason)
          },
          false,
        )
        return
      }
    }
    this.#goOn(message, place)
  }

  /** A message that waited for its turn goes on. */
  #goOn(message: IncomingMessage, place: HeldPlace): void {
    this.#holding.release(
      [place],
      () => {
        this.ledger.release()
        const over = message.brought?.expiresAt ?? null
        if (over !== null && over <= this.#clock.wall()) for (const target of this.ledger.targets) target.lapse()
        else this.#pass(message)
      },
      false,
    )
  }

  /** A message that too many consoles have passed on goes no further: it would go round for ever. */
  #stop(message: IncomingMessage, hops: number): RouteResult {
    this.ledger.loop()
    return this.#hold(message, `it has been passed on ${hops} times, so it may be going round in a circle`)
  }

  /** A message that waited gave way to a newer one. */
  #supersede(place: HeldPlace): void {
    this.ledger.release()
    this.ledger.limit()
    this.#holding.forget(place)
  }

  /** Why a message does not fit; null when it does. A payload that is nested too deeply to be looked through does not. */
  #misfit(schema: PayloadSchema, { payload }: IncomingMessage): string | null {
    try {
      const why = schema.misfit(payload)
      return why === null ? null : `"validate" refused it: ${why}`
    } catch (error) {
      return `"validate" failed: ${reasonOf(error)}`
    }
  }

  /** Takes a message through what follows the limit. */
  #pass(message: IncomingMessage): RouteResult {
    let wanted: readonly boolean[] | null = null
    if (this.#tags !== null) {
      try {
        wanted = this.#tags.targetsOf(message)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    let enriched: Enriched | null = null
    if (this.#enrich !== null) {
      try {
        enriched = this.#enrich.enrich(message)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    const batched = this.#batch !== null && wanted?.includes(true) !== false
    let payload: Payload = message.bytes
    try {
      if (this.#mapping !== null) {
        const value = this.#mapping.run(enriched?.context ?? message)
        payload = batched ? jsonTextOf(value) : payloadOf(value)
      } else if (enriched !== null) payload = enriched.payload()
    } catch (error) {
      return this.#hold(message, `"${this.#mapping === null ? 'enrich' : 'map'}" failed: ${reasonOf(error)}`)
    }
    return batched && this.#batch !== null
      ? this.#gather(this.#batch, message, payload, wanted)
      : this.#deliver(message, payload, wanted)
  }

  /** Adds a message to its batch. */
  #gather(
    batch: BatchStage<RouteResult>,
    message: IncomingMessage,
    payload: Payload,
    wanted: readonly boolean[] | null,
  ): RouteResult {
    if (this.#needsPayload && message.undecodable !== null) return this.#hold(message, message.undecodable)
    let key: string
    try {
      key = batch.keyOf(message)
    } catch (error) {
      return this.#hold(message, reasonOf(error))
    }
    this.ledger.hold()
    const json = typeof payload === 'string' ? payload : Buffer.from(payload).toString()
    const hold = () => this.#holding.hold(message, 'batch')
    return batch.add(key, message, { json, wanted, hold }) ?? 'held'
  }

  /** A batch goes on as one message; when that cannot be made, each of them goes to quarantine as it came. */
  #sendBatch(batch: Batch): RouteResult {
    const { messages, wanted } = batch
    let result: RouteResult = 'delivered'
    const places = messages.flatMap(({ place }) => place ?? [])
    this.#holding.release(
      places,
      () => {
        for (const _one of messages) this.ledger.release()
        let payload: Payload
        try {
          const stage = this.#batch
          payload = stage === null ? '' : stage.payloadOf(batch)
        } catch (error) {
          for (const { topicName, topic, bytes, at, retained, qos } of messages) {
            this.#batched.hold(topicName, topic, bytes, at, retained, qos)
            result = this.#hold(this.#batched, `"batch.as" failed: ${reasonOf(error)}`)
          }
          return
        }
        const newest = messages.at(-1)
        if (!newest) return
        this.ledger.merge(messages.length - 1)
        const brought = gatheredProperties(messages.reduce((most, { hops }) => Math.max(most, hops), 0))
        const { topicName, topic, bytes, at, retained, qos } = newest
        this.#batched.hold(topicName, topic, bytes, at, retained, qos, brought)
        result = this.#deliver(this.#batched, payload, wanted)
      },
      places.length < messages.length,
    )
    return result
  }

  /** The worst of what the targets did: one of them losing a message is what a person must see. */
  #deliver(message: IncomingMessage, payload: Payload, wanted: readonly boolean[] | null): RouteResult {
    let result: RouteResult = wanted?.includes(true) === false ? 'filtered' : 'delivered'
    for (const [index, target] of this.targets.entries()) {
      if (wanted?.[index] === false) {
        this.ledger.targets[index]?.passOver()
        continue
      }
      const offered = target.offer(message, payload)
      if (offered === 'dropped' || (offered === 'queued' && result === 'delivered')) result = offered
    }
    return result
  }

  #hold(message: IncomingMessage, why: string): RouteResult {
    const reason = why.length > longestReason ? `${why.slice(0, longestReason)}…` : why
    this.ledger.quarantine(reason)
    this.#quarantine.hold(this.definition.id, message, reason)
    return 'quarantined'
  }
}

/** What a route is compiled with. */
export interface RouteParts {
  readonly expressions: Expressions
  readonly quarantine: Quarantine
  readonly clock: Clock
  readonly targetOf: (to: RouteTarget, ledger: TargetLedger) => Target
  /** Makes what keeps the messages that wait in a route. */
  readonly holdingOf: (route: string, ledger: RouteLedger) => Holding
}

/** Compiles a route that {@link checkRoute} found no mistake in; otherwise says the first one. */
export function compileRoute(
  route: RouteDefinition,
  parts: RouteParts,
): { readonly chain: RouteChain } | { readonly mistake: string } {
  const { expressions } = parts
  const source = sourceOf(route.from)
  if ('mistake' in source) return { mistake: source.mistake.message }
  const condition = route.where === null ? null : expressions.condition(route.where)
  if (condition && 'mistake' in condition) return { mistake: condition.mistake.message }
  const schema = route.validate === null ? null : compileSchema(route.validate)
  if (schema && 'mistake' in schema) return { mistake: schema.mistake.message }
  const limit = route.limit === null ? null : compileLimit(route.limit, expressions, parts.clock)
  if (limit && 'mistake' in limit) return { mistake: limit.mistake.message }
  const enrich = route.enrich === null ? null : compileEnrich(route.enrich, expressions)
  if (enrich && 'mistake' in enrich) return { mistake: enrich.mistake.message }
  const tags = route.tag === null ? null : compileTags(route.tag, expressions)
  if (tags && 'mistake' in tags) return { mistake: tags.mistake.message }
  const mapping = route.map === null ? null : expressions.mapping(route.map)
  if (mapping && 'mistake' in mapping) return { mistake: mapping.mistake.message }
  const batch = route.batch === null ? null : compileBatch(route.batch, expressions)
  if (batch && 'mistake' in batch) return { mistake: batch.mistake.message }
  const stages = {
    source,
    condition: condition?.expression ?? null,
    schema: schema?.schema ?? null,
    limit: limit?.stage ?? null,
    enrich: enrich?.stage ?? null,
    tags: tags?.stage ?? null,
    mapping: mapping?.expression ?? null,
    batch,
  }
  return { chain: new RouteChain(route, stages, parts) }
}
