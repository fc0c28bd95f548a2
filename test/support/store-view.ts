import type { StoreView } from '#shared/contract/state.ts'

/** A store that is open and has done nothing, but for what is said otherwise. */
export function storeView(more: Partial<StoreView> = {}): StoreView {
  return {
    at: 0,
    state: 'open',
    note: null,
    since: 0,
    bytes: 0,
    commitP50: 0,
    commitP99: 0,
    commits: 0,
    queueDepth: 0,
    queueBound: 20_000,
    refused: 0,
    dropped: 0,
    busyRetries: 0,
    databases: [],
    slow: [],
    quarantine: [],
    ...more,
  }
}
