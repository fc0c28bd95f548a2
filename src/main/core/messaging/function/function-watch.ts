import type { Attention } from '#core/attention/index.ts'
import type { RouteFunction } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { messagingEvents } from '../event-kinds.ts'
import type { CallCounts } from './call-ledger.ts'

export interface FunctionWatchParts {
  readonly events: EventLog
  readonly attention: Attention
}

/** The functions whose newest file cannot be used: a card for each, which goes when one can. */
export class FunctionWatch {
  readonly #parts: FunctionWatchParts
  /** What was told of each route. */
  readonly #told = new Map<string, string>()

  constructor(parts: FunctionWatchParts) {
    this.#parts = parts
  }

  /** Looks at what the function of a route did; null when the route has none any more. */
  look(route: string, map: string | RouteFunction | null, calls: CallCounts | null): void {
    const failure = calls?.failure ?? null
    if (calls === null || failure === null || map === null || typeof map === 'string') {
      if (this.#told.delete(route)) this.#clear(route)
      return
    }
    const why = `${map.file} cannot be used: ${failure}. ${
      calls.keptOld
        ? 'The one from before is used on.'
        : 'Messages go to quarantine until it can; they can be sent again from there.'
    }`
    if (this.#told.get(route) === why) return
    this.#told.set(route, why)
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.functionBroken,
      subject: `route:${route}`,
      severity: 'warning',
      message: `The function of route ${route} was not taken over. ${why}`,
      cause: { type: 'observation', what: `${map.file} was read` },
      data: { file: map.file, reason: failure, keptOld: calls.keptOld },
    })
    this.#parts.attention.raise({
      id: cardOf(route),
      subject: `route:${route}`,
      severity: 'warning',
      title: `The function of route ${route} cannot be used`,
      why: `${why} It is looked at again as soon as the file changes.`,
      fixes: [{ label: 'Look at the routes', action: { type: 'go-to', page: 'messages' } }],
      cause,
      dismissible: false,
    })
  }

  #clear(route: string): void {
    const { cause } = this.#parts.events.emit({
      kind: messagingEvents.functionLoaded,
      subject: `route:${route}`,
      severity: 'info',
      message: `The function of route ${route} is as its file says again, or is not needed any more.`,
      cause: { type: 'observation', what: 'the file of the function was read' },
    })
    this.#parts.attention.clear(cardOf(route), cause)
  }
}

function cardOf(route: string): string {
  return `function-broken:${route}`
}
