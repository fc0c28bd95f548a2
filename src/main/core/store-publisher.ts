import type { Clock } from './platform/index.ts'
import type { StateHub } from './state/index.ts'
import type { Store } from './store/index.ts'

/** How often the store's figures are shown anew. Milliseconds. */
const everyMs = 2_000

/** Keeps the `store` slice true: sizes, commit times and what waits to be written. */
export class StorePublisher implements Disposable {
  readonly #store: Store
  readonly #state: StateHub
  readonly #clock: Clock
  #next: Disposable

  constructor(store: Store, state: StateHub, clock: Clock) {
    this.#store = store
    this.#state = state
    this.#clock = clock
    this.#next = this.#publish()
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]()
    this.#state.slice('store').delete('store')
  }

  #publish(): Disposable {
    const { bytes, commit, queue } = this.#store.statistics()
    this.#state.slice('store').set('store', {
      at: this.#clock.wall(),
      bytes: bytes.control + bytes.messages,
      commitP50: commit.p50,
      commitP99: commit.p99,
      queueDepth: queue.depth,
      state: 'open',
      note: this.#note(),
    })
    this.#next = this.#clock.after(everyMs, () => this.#publish())
    return this.#next
  }

  #note(): string | null {
    const replaced = Object.entries(this.#store.opened).flatMap(([name, opened]) =>
      opened.how === 'replaced'
        ? [`${name} was damaged (${opened.reason}) and set aside in ${opened.quarantined}`]
        : [],
    )
    return replaced.length > 0 ? `${replaced.join('; ')}.` : null
  }
}
