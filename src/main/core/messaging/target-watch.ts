import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Clock } from '#core/platform/index.ts'
import { messagingEvents } from './event-kinds.ts'
import type { TargetCounts } from './protocol.ts'

/** A target that fails for this long with messages waiting is told about; a shorter outage is what the outbox is for. */
const patienceMs = 60_000

export interface TargetWatchParts {
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
}

/** The webhooks that have failed for long: a card for each, which goes when a message arrives or none waits any more. */
export class TargetWatch {
  readonly #parts: TargetWatchParts
  /** Webhooks with a card, by its id. */
  readonly #raised = new Set<string>()

  constructor(parts: TargetWatchParts) {
    this.#parts = parts
  }

  /** Looks at the targets of a route as they are now; none when the route has gone. */
  look(route: string, targets: readonly TargetCounts[]): void {
    const failing = new Map(targets.flatMap((target) => (this.#isDown(target) ? [[idOf(route, target), target]] : [])))
    for (const [id, target] of failing) if (!this.#raised.has(id)) this.#raise(id, route, target)
    for (const id of this.#raised) {
      if (id.startsWith(`target-failing:${route}:`) && !failing.has(id)) this.#clear(id, route)
    }
  }

  #isDown({ kind, failingSince, queued }: TargetCounts): boolean {
    return (
      kind === 'webhook' && failingSince !== null && queued > 0 && this.#parts.clock.wall() - failingSince >= patienceMs
    )
  }

  #raise(id: string, route: string, { name, queued, lastError }: TargetCounts): void {
    this.#raised.add(id)
    const why = lastError ?? 'for a reason that is not known'
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.targetFailing,
      subject: `route:${route}`,
      severity: 'warning',
      message: `The webhook ${name} of route ${route} has taken no message for a minute: ${why}.`,
      cause: { type: 'observation', what: `deliveries to ${name}` },
      data: { target: name, reason: why, queued },
    })
    this.#parts.attention.raise({
      id,
      subject: `route:${route}`,
      severity: 'warning',
      title: `A webhook of route ${route} takes no messages`,
      why: `${name}: ${why}. ${queued === 1 ? 'One message waits' : `${queued} messages wait`} in the outbox and will be sent when it answers again; the other targets are not held up.`,
      fixes: [{ label: 'Look at what waits', action: { type: 'go-to', page: 'messages' } }],
      cause,
      dismissible: true,
    })
  }

  #clear(id: string, route: string): void {
    this.#raised.delete(id)
    const what = 'a delivery arrived, or nothing waits for it any more'
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.targetRecovered,
      subject: `route:${route}`,
      severity: 'info',
      message: `A webhook of route ${route} no longer fails: ${what}.`,
      cause: { type: 'observation', what },
    })
    this.#parts.attention.clear(id, cause)
  }
}

function idOf(route: string, { name }: TargetCounts): string {
  return `target-failing:${route}:${name}`
}
