import { Fifo } from '../fifo.ts'

/** A way of rows to the store, as far as those who wait for it must know. */
export interface StoreWay {
  /** Rows ever pushed, and the number of the batch that the last one went into. */
  readonly pushed: number
  readonly mark: number
  isThrough(mark: number): boolean
  /** Whether that batch is through because it was given up. */
  wasRefused?(mark: number): boolean
  /** Sends what waits for company. */
  flush?(): void
}

interface Waiting {
  readonly on: readonly { readonly way: StoreWay; readonly first: number; readonly mark: number }[]
  readonly settle: (isKept: boolean) => void
}

/**
 * Tells whoever sent a message when everything that must not be lost of it is safe: at once when there is nothing, else after the commit.
 * In the order in which the messages came, as MQTT wants its acknowledgements.
 */
export class Receipts implements Disposable {
  readonly #ways: readonly StoreWay[]
  readonly #waiting = new Fifo<Waiting>()
  #flushing: NodeJS.Immediate | undefined

  constructor(ways: readonly StoreWay[]) {
    this.#ways = ways
  }

  /** Messages whose senders wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Routes one message, and calls `settle` when what it caused is safe; with false when it cannot be kept. */
  take(route: () => void, settle: (isKept: boolean) => void): void {
    const before = this.#ways.map(({ pushed }) => pushed)
    const marks = this.#ways.map(({ mark }) => mark)
    route()
    const on = this.#ways.flatMap((way, index) =>
      way.pushed === before[index] ? [] : [{ way, first: marks[index] ?? 0, mark: way.mark }],
    )
    if (on.length === 0 && this.#waiting.length === 0) {
      settle(true)
      return
    }
    this.#waiting.push({ on, settle })
    // Rows that may wait for company otherwise: now somebody waits for them.
    if (on.length > 0) this.#flushing ??= setImmediate(() => this.#flush())
  }

  /** A way has got on. */
  progress(): void {
    for (;;) {
      const head = this.#waiting.peek()
      if (!head?.on.every(({ way, mark }) => way.isThrough(mark))) return
      this.#waiting.shift()
      head.settle(!head.on.some(wasRefused))
    }
  }

  [Symbol.dispose](): void {
    clearImmediate(this.#flushing)
  }

  #flush(): void {
    this.#flushing = undefined
    for (const way of this.#ways) way.flush?.()
  }
}

/** Its rows may have gone into more batches than one; the batch that was begun before it counts as well. */
function wasRefused({ way, first, mark }: Waiting['on'][number]): boolean {
  for (let number = first; number <= mark; number++) if (way.wasRefused?.(number)) return true
  return false
}
