import { KeyedRate } from './rates.ts'

/** Filters of one client at a time. */
export const mostFilters = 1_000

/** How fast one client may subscribe: each filter is looked up in all retained messages, so that thousands keep the broker busy for minutes. */
const pace = { count: 200, perMs: 1_000 }

/** How many filters each client has, and when the next may be added. Times are monotonic milliseconds. */
export class SubscriptionBound {
  readonly #filters = new WeakMap<object, Set<string>>()
  readonly #pace = new KeyedRate(pace)

  /** Takes a filter in; false when the client has as many as it may. */
  take(client: object, filter: string): boolean {
    const filters = this.#filters.get(client) ?? new Set()
    this.#filters.set(client, filters)
    if (filters.size >= mostFilters && !filters.has(filter)) return false
    filters.add(filter)
    return true
  }

  leave(client: object, filters: readonly string[]): void {
    for (const filter of filters) this.#filters.get(client)?.delete(filter)
  }

  /** How long the client has to wait until its filter is served. */
  wait(clientId: string, now: number): number {
    return this.#pace.reserve(clientId, now)
  }
}
