import type { Attention } from '#core/attention/index.ts'
import type { ServiceDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Effect } from './machine.ts'

/** Where something came from: its cause, and the operation that it belongs to. */
export interface Origin {
  readonly cause: Cause
  readonly operation: string | null
}

/** Writes the facts of one service with the causes that its state machine names, and its card. */
export class FactWriter {
  readonly #events: EventLog
  readonly #attention: Attention
  #cycle: Origin = { cause: { type: 'console', why: 'opened the site' }, operation: null }
  #last: { readonly id: string; readonly cause: Cause } | null = null
  #raised = false
  #blamed: Origin | null = null

  constructor(events: EventLog, attention: Attention) {
    this.#events = events
    this.#attention = attention
  }

  /** The operation of the run that is under way; goes into the child's environment. */
  get operation(): string | null {
    return this.#cycle.operation
  }

  /** The newest fact. */
  get last(): { readonly id: string; readonly cause: Cause } | null {
    return this.#last
  }

  /** What is seen of the service from now on was brought about by this; with null by nobody. */
  blame(origin: Origin | null): void {
    this.#blamed = origin
  }

  /** Begins a step that `origin` made happen. */
  step(
    service: ServiceDefinition,
    origin: Origin,
  ): (effect: Extract<Effect, { do: 'emit' | 'raise' | 'clear' }>) => void {
    let previous: Origin = this.#cycle
    return (effect) => {
      switch (effect.do) {
        case 'emit': {
          const from = this.#originOf(effect.cause, origin, previous)
          const { id, cause } = this.#events.emit({
            kind: effect.kind,
            subject: `service:${service.id}`,
            severity: softened(effect.severity, service),
            message: effect.message,
            cause: from.cause,
            operation: from.operation,
            data: effect.data,
          })
          this.#last = { id, cause }
          previous = { cause, operation: from.operation }
          if (effect.begins) this.#cycle = previous
          return
        }
        case 'raise':
          this.#raised = true
          return this.#attention.raise({
            id: cardOf(service.id),
            subject: `service:${service.id}`,
            severity: service.optional ? 'warning' : 'error',
            title: effect.title,
            why: effect.why,
            fixes: fixesOf(service),
            cause: this.#last?.cause ?? origin.cause,
            dismissible: true,
          })
        case 'clear':
          // A card of an earlier console may stand as well, so the first clearing is always passed on.
          if (!this.#raised && this.#clearedOnce) return
          this.#raised = false
          this.#clearedOnce = true
          return this.#attention.clear(cardOf(service.id), this.#last?.cause ?? origin.cause)
      }
    }
  }

  #clearedOnce = false

  #originOf(cause: Extract<Effect, { do: 'emit' }>['cause'], input: Origin, previous: Origin): Origin {
    switch (cause) {
      case 'input':
        return input
      case 'previous':
        return previous
      case 'cycle':
        return this.#cycle
      default:
        return this.#blamed ?? { cause: { type: 'observation', what: cause.observed }, operation: null }
    }
  }
}

/** Id of the card that says that a service has failed. */
export function cardOf(service: string): string {
  return `service-failed:${service}`
}

function fixesOf({ id, title, kind }: ServiceDefinition): Parameters<Attention['raise']>[0]['fixes'] {
  if (kind === 'external') return []
  const restart = { label: `Restart ${title}`, action: { type: 'restart-service', service: id } } as const
  // A script that is gone or data that is broken is not mended by starting again.
  const restore = { label: 'Restore…', action: { type: 'restore', snapshot: null } } as const
  return kind === 'builtin' ? [restart] : [restart, restore]
}

/** What is optional never counts as an error of the site. */
function softened(severity: Extract<Effect, { do: 'emit' }>['severity'], { optional }: ServiceDefinition) {
  return optional && severity === 'error' ? 'warning' : severity
}
