import type { Attention } from '#core/attention/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { DatabaseName, Quarantined, Store } from '#core/store/index.ts'
import type { StoreView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { cardIds, unwritable } from './cards.ts'

/** How often the store's figures are shown anew. Milliseconds. */
const everyMs = 2_000
const observed: Cause = { type: 'observation', what: "the state of the console's own store" }

const names: readonly DatabaseName[] = ['control', 'messages']

type Copies = StoreView['databases'][number]['copies']

export interface PublisherOptions {
  readonly store: Store
  readonly state: Slice<StoreView>
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps the `store` slice true, and says on a card when the console cannot record. */
export class Publisher implements Disposable {
  readonly #options: PublisherOptions
  #told = false
  #disposed = false
  #copies: Readonly<Record<DatabaseName, Copies>> = { control: none, messages: none }
  #quarantine: readonly Quarantined[] = []
  #next: Disposable | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
    // Cards outlive the console: one from an earlier run may not be true any more.
    options.attention.clear(cardIds.unwritable, observed)
    this.#publish()
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#next?.[Symbol.dispose]()
    this.#options.state.delete('store')
  }

  /** Looks at what lies on the disk, which does not change by itself, and shows it. Never rejects. */
  async refresh(): Promise<void> {
    const { store, logger } = this.#options
    try {
      this.#copies = {
        control: await store.upkeep.copies.summary('control'),
        messages: await store.upkeep.copies.summary('messages'),
      }
      this.#quarantine = await store.upkeep.quarantined()
    } catch (error) {
      logger.warn('The copies of the store and what it set aside could not be listed.', { error: String(error) })
    }
    this.#publish()
  }

  #publish(): void {
    if (this.#disposed) return
    this.#next?.[Symbol.dispose]()
    const { store, state, clock } = this.#options
    const statistics = store.statistics()
    const { commit, queue, refused, dropped, busyRetries, databases, slow, note, since } = statistics
    const each = names.map((name) => ({ name, ...databases[name] }))
    this.#tell(statistics)
    state.set('store', {
      at: clock.wall(),
      state: statistics.state,
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
      databases: each.map((its) => ({
        ...its,
        comesBack: store.upkeep.standIn(its.name)?.damage === null,
        copies: this.#copies[its.name],
        lastCheck: this.#lastCheck(its.name),
      })),
      slow: [...slow],
      quarantine: [...this.#quarantine],
    })
    this.#next = clock.after(everyMs, () => this.#publish())
  }

  #lastCheck(name: DatabaseName): StoreView['databases'][number]['lastCheck'] {
    const last = this.#options.store.upkeep.lastCheck(name)
    return last && { at: last.at, kind: last.kind, ok: last.ok, note: last.note }
  }

  #tell(statistics: ReturnType<Store['statistics']>): void {
    const stuck = statistics.state === 'read-only' || statistics.state === 'failed'
    if (stuck) this.#options.attention.raise(unwritable(statistics, observed))
    else if (this.#told) this.#options.attention.clear(cardIds.unwritable, observed)
    this.#told = stuck
  }
}

const none: Copies = { count: 0, newestAt: null, bytes: 0 }
