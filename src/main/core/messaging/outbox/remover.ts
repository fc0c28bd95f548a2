import type { StorePort } from '../store-line.ts'
import { deleteOutbox } from './outbox-rows.ts'

/** How long rows that were delivered wait for company, and how many go without waiting. */
const lingerMs = 100
const mostTogether = 500
const retryMs = 1_000

/**
 * Takes what was delivered out of the outbox, a batch at a time. A removal that a crash prevented means one more delivery, never a
 * loss; so it needs no fsync.
 */
export class Remover implements Disposable {
  readonly #port: StorePort
  #gone: number[] = []
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined

  constructor(port: StorePort) {
    this.#port = port
  }

  /** Rows that are still on the disk although they were delivered. */
  get pending(): number {
    return this.#gone.length + this.#inFlight
  }

  add(seq: number): void {
    this.#gone.push(seq)
    if (this.#gone.length >= mostTogether) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), lingerMs)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const gone = this.#gone
    if (gone.length === 0) return
    this.#gone = []
    this.#inFlight += gone.length
    this.#port.write(deleteOutbox(gone), (error) => {
      this.#inFlight -= gone.length
      if (error === null) return
      this.#gone = [...gone, ...this.#gone]
      this.#timer ??= setTimeout(() => this.flush(), retryMs)
    })
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
