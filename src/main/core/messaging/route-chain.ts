import type { RouteDefinition, RouteFunction, RouteTarget } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { StageName } from '#shared/contract/state.ts'
import { type Batch, type BatchStage, type CompiledBatch, compileBatch } from './batch-stage.ts'
import { compileEnrich, type Enriched, type EnrichStage } from './enrich-stage.ts'
import { type Expression, type Expressions, isMissingKey, reasonOf } from './expressions.ts'
import type { CallLedger } from './function/call-ledger.ts'
import type { CallOutcome, FunctionRunner } from './function/function-runner.ts'
import { type FunctionHooks, FunctionStage, type Onward } from './function/function-stage.ts'
import type { HeldPlace, HeldStage, Holding } from './holding/holding.ts'
import { IncomingMessage } from './incoming-message.ts'
import { RouteLedger, type TargetLedger } from './ledger.ts'
import { compileLimit, type LimitHooks, type LimitStage } from './limit-stage.ts'
import { gatheredProperties } from './message-properties.ts'
import { compileSchema, type PayloadSchema } from './payload-schema.ts'
import { jsonTextOf, payloadOf } from './payload-text.ts'
import { type RouteSource, sourceOf } from './route-source.ts'
import { StageMeter } from './stage-meter.ts'
import { compileTags, type TagStage } from './tag-stage.ts'
import { compileTargetKeys, type TargetKeys } from './target-keys.ts'
import type { Payload, Quarantine, Target } from './targets.ts'

/** A reason may repeat what a message says; more of it than this is of no use to anybody. Characters. */
const longestReason = 300

/** What one route did with one message. */
export type RouteResult = 'delivered' | 'filtered' | 'limited' | 'held' | 'queued' | 'quarantined' | 'dropped'

/** A route compiled once into its stages: condition, schema, limit, mapping or function, batch, targets. Every message that enters leaves through the ledger. */
export class RouteChain {
  readonly definition: RouteDefinition
  readonly ledger: RouteLedger
  readonly meter: StageMeter
  readonly source: RouteSource
  readonly targets: readonly Target[]
  readonly #condition: Expression | null
  readonly #schema: PayloadSchema | null
  readonly #limit: LimitStage | null
  readonly #enrich: EnrichStage | null
  readonly #tags: TagStage | null
  readonly #mapping: Expression | null
  readonly #function: FunctionStage | null
  readonly #batch: BatchStage<RouteResult> | null
  readonly #keys: TargetKeys | null
  readonly #holding: Holding
  /** Apart from the one that the router is at: a batch goes on while another message is being looked at. */
  readonly #batched = new IncomingMessage()
  /** Whether the payload must be decoded for what comes after the condition. */
  readonly #needsPayload: boolean
  readonly #quarantine: Quarantine
  readonly #later: RouteParts['later']
  readonly #clock: Clock

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
      readonly function: RouteFunction | null
      readonly batch: CompiledBatch | null
      readonly keys: TargetKeys | null
    },
    { quarantine, clock, targetOf, holdingOf, functions, later }: Omit<RouteParts, 'expressions'>,
  ) {
    this.#clock = clock
    this.definition = definition
    this.source = stages.source
    this.#condition = stages.condition
    this.#schema = stages.schema
    this.#enrich = stages.enrich
    this.#tags = stages.tags
    this.#mapping = stages.mapping
    this.#keys = stages.keys
    this.#limit =
      stages.limit?.({
        goesOn: (message, place) => this.#goOn(message, place, true),
        superseded: (place) => this.#supersede(place),
        hold: (message) => this.#holding.hold(message, 'limit'),
      }) ?? null
    this.#batch = stages.batch?.stage(clock, (batch) => this.#sendBatch(batch)) ?? null
    this.#needsPayload =
      this.#schema !== null ||
      this.#enrich !== null ||
      (stages.batch !== null && stages.mapping === null && stages.function === null) ||
      stages.function?.payload === 'json' ||
      [this.#limit, stages.batch, stages.tags, stages.mapping, stages.keys].some(
        (stage) => stage?.needsPayload ?? false,
      )
    this.meter = new StageMeter(
      definition.id,
      stageNames(definition, this.#condition, this.#needsPayload, this.#keys !== null),
      clock,
    )
    this.#quarantine = quarantine
    this.ledger = new RouteLedger(definition)
    this.#holding = holdingOf(definition.id, this.ledger)
    this.#later = later
    const calls = this.ledger.calls
    this.#function =
      functions && stages.function && calls
        ? stageOf(functions, definition.id, stages.function, calls, {
            hold: (message) => {
              this.ledger.hold()
              return this.#holding.hold(message, 'function')
            },
            answered: (...given) => this.#answered(...given),
          })
        : null
    this.targets = this.ledger.targets.map((ledger) => targetOf(ledger.to, ledger))
  }

  /** Takes one message through the stages. */
  take(message: IncomingMessage): RouteResult {
    const { meter } = this
    this.ledger.receive(message.at)
    meter.begin(message.at)
    if (message.brought?.isSpent === true) return this.#stop(message, message.brought.hops)
    const condition = this.#condition
    const isReadFirst = condition?.needsPayload === true
    const unread = isReadFirst ? this.#unreadable(message) : null
    if (unread !== null) return this.#hold(message, unread)
    if (condition !== null) {
      meter.enter(meter.where)
      let passes: unknown
      try {
        passes = condition.run(message)
      } catch (error) {
        if (!isMissingKey(error)) return this.#hold(message, `"where" failed: ${reasonOf(error)}`)
        passes = false // what the message does not say, it does not match
      }
      if (passes === false) {
        this.ledger.filter()
        meter.end()
        return 'filtered'
      }
      if (passes !== true) return this.#hold(message, '"where" gave neither true nor false')
    }
    const unreadable = this.#needsPayload && !isReadFirst ? this.#unreadable(message) : null
    if (unreadable !== null) return this.#hold(message, unreadable)
    if (this.#schema !== null) {
      meter.enter(meter.validate)
      const misfit = this.#misfit(this.#schema, message)
      if (misfit !== null) return this.#hold(message, misfit)
    }
    if (this.#limit !== null) {
      meter.enter(meter.limit)
      try {
        const limited = this.#limit.take(message)
        if (limited !== 'passes') return this.#limited(limited)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    return this.#pass(message)
  }

  /** Lets go what waits for its turn and the targets deliver what they hold, and nothing new. */
  retire(): void {
    this.#limit?.flush()
    this.whenThrough(() => {
      this.close()
      for (const target of this.targets) target.retire()
    })
  }

  /** Calls back once no message is in its function. */
  whenThrough(action: () => void): void {
    if (this.#function) this.#function.whenIdle(action)
    else action()
  }

  /** Lets go what waits under its limit, so that its function can still be given it. */
  flushLimit(): void {
    if (this.#function) this.#limit?.flush()
  }

  /** Lets go what waits: nothing comes in any more. */
  close(): void {
    this.#limit?.flush()
    this.#limit?.[Symbol.dispose]()
    this.#function?.[Symbol.dispose]()
    this.#batch?.flush()
    this.#batch?.[Symbol.dispose]()
  }

  /** Takes back a message that waited in an earlier run, into the stage where it did, or what is left of the way. The ledger counts it as held. */
  restore(message: IncomingMessage, stage: HeldStage, place: HeldPlace): void {
    if (stage === 'limit' && this.#limit !== null) {
      const { limit } = this.meter
      limit.in++
      limit.waiting++
      try {
        this.#limit.restore(message, place)
        return
      } catch (error) {
        const reason = reasonOf(error)
        this.#holding.release(
          [place],
          () => {
            this.ledger.release()
            limit.waiting--
            this.meter.at(limit)
            this.#hold(message, reason)
          },
          false,
        )
        return
      }
    }
    this.#goOn(message, place, false)
  }

  /** Reads the payload, for the stages that follow; why it cannot be, or null. */
  #unreadable(message: IncomingMessage): string | null {
    this.meter.enter(this.meter.payload)
    return message.undecodable
  }

  #limited(limited: 'limited' | 'held'): RouteResult {
    if (limited === 'limited') {
      this.ledger.limit()
      this.meter.end()
    } else {
      this.ledger.hold()
      this.meter.wait()
    }
    return limited
  }

  /** A message that waited for its turn goes on. */
  #goOn(message: IncomingMessage, place: HeldPlace, isFromLimit: boolean): void {
    this.#holding.release(
      [place],
      () => {
        const { limit } = this.meter
        const now = this.#clock.wall()
        const outer = this.meter.turnTo(now)
        this.ledger.release()
        if (isFromLimit) limit.waiting--
        const over = message.brought?.expiresAt ?? null
        if (over !== null && over <= now) {
          if (isFromLimit) limit.ended++
          for (const target of this.ledger.targets) target.lapse()
        } else this.#pass(message, true)
        this.meter.turnBack(outer)
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
    this.meter.limit.waiting--
    this.meter.limit.ended++
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

  /** Takes a message through what follows the limit; `hasWaited`: it has had a place already. */
  #pass(message: IncomingMessage, hasWaited = false): RouteResult {
    const { meter } = this
    let wanted: readonly boolean[] | null = null
    if (this.#tags !== null) {
      meter.enter(meter.tag)
      try {
        wanted = this.#tags.targetsOf(message)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
      if (!wanted.includes(true)) return this.#passOver()
    }
    let keys: readonly (string | null)[] | null = null
    if (this.#keys !== null) {
      meter.enter(meter.key)
      try {
        keys = this.#keys.of(message, wanted)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    let enriched: Enriched | null = null
    if (this.#enrich !== null) {
      meter.enter(meter.enrich)
      try {
        enriched = this.#enrich.enrich(message)
      } catch (error) {
        return this.#hold(message, reasonOf(error))
      }
    }
    const batched = this.#batch !== null
    let payload: Payload = message.bytes
    try {
      if (this.#function !== null) {
        payload = enriched?.payload() ?? payload
        return this.#call(this.#function, message, payload, { wanted, keys }, hasWaited)
      }
      if (this.#mapping !== null) {
        meter.enter(meter.map)
        const value = this.#mapping.run(enriched?.context ?? message)
        payload = batched ? jsonTextOf(value) : payloadOf(value)
      } else if (enriched !== null) payload = enriched.payload()
    } catch (error) {
      return this.#hold(message, `"${this.#mapping === null ? 'enrich' : 'map'}" failed: ${reasonOf(error)}`)
    }
    return this.#batch !== null
      ? this.#gather(this.#batch, message, payload, wanted)
      : this.#deliver(message, payload, wanted, keys)
  }

  /** Gives a message to the function. */
  #call(stage: FunctionStage, message: IncomingMessage, payload: Payload, onward: Onward, hasWaited: boolean) {
    const { meter } = this
    const why = stage.take(message, payload, onward, hasWaited)
    if (why === null) {
      meter.handOver(meter.map)
      return 'held'
    }
    meter.enter(meter.map)
    return this.#hold(message, `"map" failed: ${why}`)
  }

  /** The function has answered: a message goes on. */
  #answered(message: IncomingMessage, place: HeldPlace, outcome: CallOutcome, onward: Onward): void {
    this.#holding.release(
      [place],
      () => {
        const { meter } = this
        this.ledger.release()
        const outer = meter.resume(meter.map, outcome.ms)
        const result = this.#goOnWith(message, outcome, onward)
        const reason = result === 'quarantined' ? this.ledger.lastError : null
        this.#later?.(message, this.definition, result, reason, meter.endedAt)
        meter.turnBack(outer)
      },
      false,
    )
  }

  #goOnWith(message: IncomingMessage, outcome: CallOutcome, { wanted, keys }: Onward): RouteResult {
    if (outcome.kind === 'failed') return this.#hold(message, `"map" failed: ${outcome.reason}`)
    if (outcome.kind === 'filtered') {
      this.ledger.filter()
      this.meter.end()
      return 'filtered'
    }
    if (this.#batch === null) return this.#deliver(message, outcome.payload, wanted, keys)
    if (outcome.isJson) return this.#gather(this.#batch, message, outcome.payload, wanted)
    if (typeof outcome.payload === 'string')
      return this.#gather(this.#batch, message, JSON.stringify(outcome.payload), wanted)
    return this.#hold(message, '"map" failed: it gave bytes, which a list of JSON cannot hold')
  }

  /** Adds a message to its batch. */
  #gather(
    batch: BatchStage<RouteResult>,
    message: IncomingMessage,
    payload: Payload,
    wanted: readonly boolean[] | null,
  ): RouteResult {
    const { meter } = this
    meter.enter(meter.batch)
    if (this.#needsPayload && message.undecodable !== null) return this.#hold(message, message.undecodable)
    let key: string
    try {
      key = batch.keyOf(message)
    } catch (error) {
      return this.#hold(message, reasonOf(error))
    }
    this.ledger.hold()
    meter.batch.waiting++
    meter.leave()
    const json = typeof payload === 'string' ? payload : Buffer.from(payload).toString()
    const hold = () => this.#holding.hold(message, 'batch')
    const sent = batch.add(key, message, { json, wanted, hold })
    if (sent === null || sent === 'quarantined') meter.stay(meter.batch)
    return sent ?? 'held'
  }

  /** A batch goes on as one message; when that cannot be made, each of them goes to quarantine as it came. */
  #sendBatch(batch: Batch): RouteResult {
    const { messages, wanted } = batch
    let result: RouteResult = 'delivered'
    const places = messages.flatMap(({ place }) => place ?? [])
    this.#holding.release(
      places,
      () => {
        const { meter } = this
        const outer = meter.turnTo(this.#clock.wall())
        for (const _one of messages) this.ledger.release()
        meter.batch.waiting -= messages.length
        let payload: Payload
        let keys: readonly (string | null)[] | null
        try {
          const stage = this.#batch
          meter.at(meter.batch)
          payload = stage === null ? '' : stage.payloadOf(batch)
          keys = this.#keysOf(batch)
          meter.leave()
        } catch (error) {
          for (const { topicName, topic, bytes, at, retained, qos, sender } of messages) {
            this.#batched.hold(topicName, topic, bytes, at, retained, qos, null, sender)
            meter.at(meter.batch)
            result = this.#hold(this.#batched, `"batch.as" failed: ${reasonOf(error)}`)
          }
          meter.turnBack(outer)
          return
        }
        meter.turnBack(outer)
        const newest = messages.at(-1)
        if (!newest) return
        this.ledger.merge(messages.length - 1)
        const brought = gatheredProperties(messages.reduce((most, { hops }) => Math.max(most, hops), 0))
        const { topicName, topic, bytes, at, retained, qos, sender } = newest
        this.#batched.hold(topicName, topic, bytes, at, retained, qos, brought, sender)
        result = this.#deliver(this.#batched, payload, wanted, keys)
      },
      places.length < messages.length,
    )
    return result
  }

  /** A batch goes by the key of its newest message. */
  #keysOf({ messages, wanted }: Batch): readonly (string | null)[] | null {
    const newest = messages.at(-1)
    if (this.#keys === null || !newest) return null
    const { topicName, topic, bytes, at, retained, qos, sender } = newest
    this.#batched.hold(topicName, topic, bytes, at, retained, qos, null, sender)
    return this.#keys.of(this.#batched, wanted)
  }

  /** The worst of what the targets did: one of them losing a message is what a person must see. */
  #deliver(
    message: IncomingMessage,
    payload: Payload,
    wanted: readonly boolean[] | null,
    keys: readonly (string | null)[] | null,
  ): RouteResult {
    this.meter.leave()
    let result: RouteResult = 'delivered'
    for (const [index, target] of this.targets.entries()) {
      if (wanted?.[index] === false) {
        this.ledger.targets[index]?.passOver()
        continue
      }
      const offered = target.offer(message, payload, keys?.[index] ?? null)
      if (offered === 'dropped' || (offered === 'queued' && result === 'delivered')) result = offered
    }
    return result
  }

  /** The message is for none of the targets. */
  #passOver(): RouteResult {
    for (const target of this.ledger.targets) target.passOver()
    this.meter.end()
    return 'filtered'
  }

  #hold(message: IncomingMessage, why: string): RouteResult {
    const reason = why.length > longestReason ? `${why.slice(0, longestReason)}…` : why
    this.ledger.quarantine(reason)
    this.meter.fail(reason, message.client)
    this.#quarantine.hold(this.definition.id, message, reason)
    return 'quarantined'
  }
}

/** The stages that a route has, in their order. The payload is read before the first one that looks at it. */
function stageNames(
  route: RouteDefinition,
  condition: Expression | null,
  needsPayload: boolean,
  hasKeys: boolean,
): readonly StageName[] {
  const isReadFirst = condition?.needsPayload === true
  return [
    ...(isReadFirst ? (['payload'] as const) : []),
    ...(route.where === null ? [] : (['where'] as const)),
    ...(needsPayload && !isReadFirst ? (['payload'] as const) : []),
    ...(['validate', 'limit', 'tag'] as const).filter((stage) => route[stage] !== null),
    ...(hasKeys ? (['key'] as const) : []),
    ...(['enrich', 'map', 'batch'] as const).filter((stage) => route[stage] !== null),
  ]
}

/** What a route is compiled with. */
export interface RouteParts {
  readonly expressions: Expressions
  readonly quarantine: Quarantine
  readonly clock: Clock
  readonly targetOf: (to: RouteTarget, ledger: TargetLedger) => Target
  /** Makes what keeps the messages that wait in a route. */
  readonly holdingOf: (route: string, ledger: RouteLedger) => Holding
  /** Runs the functions of routes; without it none are loaded that have one. */
  readonly functions?: RouteFunctions | undefined
  /** Told what became of a message that its route had only held when it came. */
  readonly later?:
    | ((
        message: IncomingMessage,
        route: RouteDefinition,
        result: RouteResult,
        reason: string | null,
        stage: StageName | null,
      ) => void)
    | undefined
}

/** Opens the way through the function of a route, and closes it. */
export interface RouteFunctions {
  open(route: string, wanted: RouteFunction, ledger: CallLedger): FunctionRunner
  close(runner: FunctionRunner): void
}

function stageOf(
  functions: RouteFunctions,
  route: string,
  wanted: RouteFunction,
  ledger: CallLedger,
  hooks: FunctionHooks,
): FunctionStage {
  const runner = functions.open(route, wanted, ledger)
  return new FunctionStage(runner, () => functions.close(runner), hooks)
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
  const wanted = typeof route.map === 'string' ? null : route.map
  if (wanted !== null && !parts.functions) return { mistake: 'Functions of a site are not run here.' }
  const mapping = typeof route.map === 'string' ? expressions.mapping(route.map) : null
  if (mapping && 'mistake' in mapping) return { mistake: mapping.mistake.message }
  const batch = route.batch === null ? null : compileBatch(route.batch, expressions)
  if (batch && 'mistake' in batch) return { mistake: batch.mistake.message }
  const keys = compileTargetKeys(route, expressions)
  if ('mistake' in keys) return { mistake: keys.mistake.message }
  const stages = {
    source,
    condition: condition?.expression ?? null,
    schema: schema?.schema ?? null,
    limit: limit?.stage ?? null,
    enrich: enrich?.stage ?? null,
    tags: tags?.stage ?? null,
    mapping: mapping?.expression ?? null,
    function: wanted,
    batch,
    keys: keys.keys,
  }
  return { chain: new RouteChain(route, stages, parts) }
}
