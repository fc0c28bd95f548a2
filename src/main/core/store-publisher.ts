import type { Cause } from '#shared/vocabulary.ts'
import type { Attention } from './attention/index.ts'
import type { Clock } from './platform/index.ts'
import type { StateHub } from './state/index.ts'
import type { Store, StoreStatistics } from './store/index.ts'

/** How often the store's figures are shown anew. Milliseconds. */
const everyMs = 2_000
const observed: Cause = { type: 'observation', what: "the state of the console's own store" }

/** Keeps the `store` slice true, and says on a card when the console cannot record, or had to replace a damaged database. */
export class StorePublisher implements Disposable {
  readonly #store: Store
  readonly #state: StateHub
  readonly #attention: Attention
  readonly #clock: Clock
  #told: StoreStatistics['state'] = 'open'
  #next: Disposable

  constructor(store: Store, state: StateHub, attention: Attention, clock: Clock) {
    this.#store = store
    this.#state = state
    this.#attention = attention
    this.#clock = clock
    // Cards outlive the console: one from an earlier run may not be true any more.
    attention.clear('store-unwritable', observed)
    this.#tellReplaced()
    this.#next = this.#publish()
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]()
    this.#state.slice('store').delete('store')
  }

  #publish(): Disposable {
    const statistics = this.#store.statistics()
    const { commit, queue, state, note, since, refused, dropped, busyRetries, databases, slow } = statistics
    const each = (['control', 'messages'] as const).map((name) => ({ name, ...databases[name] }))
    if (state !== this.#told) this.#tell(statistics)
    this.#told = state
    this.#state.slice('store').set('store', {
      at: this.#clock.wall(),
      state,
      note,
      since,
      bytes: each.reduce((sum, { bytes, walBytes }) => sum + bytes + walBytes, 0),
      commitP50: commit.p50,
      commitP99: commit.p99,
      commits: commit.count,
      queueDepth: queue.depth,
      queueBound: queue.bound,
      refused,
      dropped,
      busyRetries,
      databases: each.map((its) => ({ ...its, copies: { count: 0, newestAt: null, bytes: 0 }, lastCheck: null })),
      slow: [...slow],
      quarantine: [],
    })
    this.#next = this.#clock.after(everyMs, () => this.#publish())
    return this.#next
  }

  #tell({ state, note }: StoreStatistics): void {
    if (state !== 'read-only' && state !== 'failed') {
      this.#attention.clear('store-unwritable', observed)
      return
    }
    this.#attention.raise({
      id: 'store-unwritable',
      subject: 'store',
      severity: 'critical',
      title: 'The console cannot record what happens',
      why: note ?? 'Its own store takes no writes.',
      fixes: [{ label: 'Look at the disk', action: { type: 'go-to', page: '/settings' } }],
      cause: observed,
      dismissible: false,
    })
  }

  #tellReplaced(): void {
    for (const [name, opened] of Object.entries(this.#store.opened)) {
      if (opened.how !== 'replaced') continue
      this.#attention.raise({
        id: `store-replaced:${name}`,
        subject: 'store',
        severity: 'error',
        title: `The console's ${name} database was damaged and replaced`,
        why: opened.reason,
        fixes: [{ label: 'What happened', action: { type: 'go-to', page: '/timeline' } }],
        cause: observed,
        dismissible: true,
      })
    }
  }
}
