import type { RouteDefinition, RouteTarget } from '#core/config/index.ts'
import { type Expression, type Expressions, isMissingKey, reasonOf } from './expressions.ts'
import type { IncomingMessage } from './incoming-message.ts'
import { RouteLedger, type TargetLedger } from './ledger.ts'
import { payloadOf } from './payload-text.ts'
import { type RouteSource, sourceOf } from './route-check.ts'
import type { Payload, Quarantine, Target } from './targets.ts'

/** What one route did with one message. */
export type RouteResult = 'delivered' | 'filtered' | 'queued' | 'quarantined' | 'dropped'

/** A route compiled once into its stages: condition, mapping, targets. Every message that enters leaves through the ledger. */
export class RouteChain {
  readonly definition: RouteDefinition
  readonly ledger: RouteLedger
  readonly source: RouteSource
  readonly targets: readonly Target[]
  readonly #condition: Expression | null
  readonly #mapping: Expression | null
  readonly #needsPayload: boolean
  readonly #quarantine: Quarantine

  constructor(
    definition: RouteDefinition,
    stages: {
      readonly source: RouteSource
      readonly condition: Expression | null
      readonly mapping: Expression | null
    },
    quarantine: Quarantine,
    targetOf: (to: RouteTarget, ledger: TargetLedger) => Target,
  ) {
    this.definition = definition
    this.source = stages.source
    this.#condition = stages.condition
    this.#mapping = stages.mapping
    this.#needsPayload = (stages.condition?.needsPayload ?? false) || (stages.mapping?.needsPayload ?? false)
    this.#quarantine = quarantine
    this.ledger = new RouteLedger(definition)
    this.targets = this.ledger.targets.map((ledger) => targetOf(ledger.to, ledger))
  }

  /** Takes one message through the stages. */
  take(message: IncomingMessage): RouteResult {
    this.ledger.receive(message.at)
    if (this.#needsPayload && message.undecodable !== null) return this.#hold(message, message.undecodable)
    if (this.#condition !== null) {
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
    let payload: Payload = message.bytes
    if (this.#mapping !== null) {
      try {
        payload = payloadOf(this.#mapping.run(message))
      } catch (error) {
        return this.#hold(message, `"map" failed: ${reasonOf(error)}`)
      }
    }
    return this.#deliver(message, payload)
  }

  /** Lets the targets deliver what they hold, and nothing new. */
  retire(): void {
    for (const target of this.targets) target.retire()
  }

  /** The worst of what the targets did: one of them losing a message is what a person must see. */
  #deliver(message: IncomingMessage, payload: Payload): RouteResult {
    let result: RouteResult = 'delivered'
    for (const target of this.targets) {
      const offered = target.offer(message, payload)
      if (offered === 'dropped' || (offered === 'queued' && result === 'delivered')) result = offered
    }
    return result
  }

  #hold(message: IncomingMessage, reason: string): RouteResult {
    this.ledger.quarantine(reason)
    this.#quarantine.hold(this.definition.id, message, reason)
    return 'quarantined'
  }
}

/** Compiles a route that {@link checkRoute} found no mistake in; otherwise says the first one. */
export function compileRoute(
  route: RouteDefinition,
  expressions: Expressions,
  quarantine: Quarantine,
  targetOf: (to: RouteTarget, ledger: TargetLedger) => Target,
): { readonly chain: RouteChain } | { readonly mistake: string } {
  const source = sourceOf(route.from)
  if ('mistake' in source) return { mistake: source.mistake.message }
  const condition = route.where === null ? null : expressions.condition(route.where)
  if (condition && 'mistake' in condition) return { mistake: condition.mistake.message }
  const mapping = route.map === null ? null : expressions.mapping(route.map)
  if (mapping && 'mistake' in mapping) return { mistake: mapping.mistake.message }
  const stages = { source, condition: condition?.expression ?? null, mapping: mapping?.expression ?? null }
  return { chain: new RouteChain(route, stages, quarantine, targetOf) }
}
