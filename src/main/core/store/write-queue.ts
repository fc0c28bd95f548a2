import type { UnitOutcome } from './group-writer.ts'
import { failureKind, storeError, storeFull } from './sqlite-failure.ts'
import type { DatabaseName, Statement, StatementResult, StoreStatistics } from './types.ts'

/** How many writes of one database may wait for the writer thread, and their approximate size together. */
export const queueBound = { writes: 10_000, bytes: 64 * 1024 * 1024 } as const

interface Waiting {
  readonly bytes: number
  readonly since: number
  readonly resolve: (results: readonly StatementResult[]) => void
  readonly reject: (error: unknown) => void
}

/** The calling side of the writes to one database: what waits, how much may, and how long it took. */
export class WriteQueue {
  readonly #database: DatabaseName
  readonly #waiting = new Map<number, Waiting>()
  readonly #latency: LatencyWindow
  readonly #now: () => number
  #bytes = 0
  #state: StoreStatistics['state'] = 'open'
  #note: string | null = null
  #idle: PromiseWithResolvers<void> | undefined

  constructor(database: DatabaseName, latency: LatencyWindow, now: () => number) {
    this.#database = database
    this.#latency = latency
    this.#now = now
  }

  get depth(): number {
    return this.#waiting.size
  }

  get state(): StoreStatistics['state'] {
    return this.#state
  }

  get note(): string | null {
    return this.#note
  }

  /** Takes a place in the queue. Throws `store-full` when there is none: the caller decides what to give up. */
  enter(id: number, statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const bytes = sizeOf(statements)
    // One that is larger than the bound itself is let in when nothing else waits, or it could never be written.
    const full = this.#waiting.size >= queueBound.writes || this.#bytes + bytes > queueBound.bytes
    if (full && this.#waiting.size > 0) throw storeFull(this.#database, this.#waiting.size)
    const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>()
    this.#waiting.set(id, { bytes, since: this.#now(), resolve, reject })
    this.#bytes += bytes
    return promise
  }

  /** Gives the caller its outcome. False when the write was not of this queue. */
  leave(id: number, outcome: UnitOutcome): boolean {
    const waiting = this.#take(id)
    if (!waiting) return false
    if ('failed' in outcome) {
      const error = storeError(this.#database, outcome.failed)
      const kind = failureKind(outcome.failed)
      if (kind === 'read-only' || kind === 'damaged')
        this.fail(kind === 'damaged' ? 'failed' : 'read-only', error.message)
      waiting.reject(error)
    } else {
      this.#latency.add(this.#now() - waiting.since)
      if (this.#state === 'read-only') {
        this.#state = 'open'
        this.#note = null
      }
      waiting.resolve(outcome.results)
    }
    this.#tellIdle()
    return true
  }

  /** From now on the database is shown in this state. */
  fail(state: 'read-only' | 'failed', note: string): void {
    this.#state = state
    this.#note = note
  }

  /** Refuses everything that waits. */
  refuseAll(error: unknown): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(error)
    this.#tellIdle()
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve()
    this.#idle ??= Promise.withResolvers<void>()
    return this.#idle.promise
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (!waiting) return undefined
    this.#waiting.delete(id)
    this.#bytes -= waiting.bytes
    return waiting
  }

  #tellIdle(): void {
    if (this.#waiting.size > 0) return
    this.#idle?.resolve()
    this.#idle = undefined
  }
}

/** The last 1,000 durations, in milliseconds. */
export class LatencyWindow {
  readonly #values: number[] = []
  #next = 0
  #count = 0

  add(ms: number): void {
    this.#values[this.#next] = ms
    this.#next = (this.#next + 1) % 1_000
    this.#count++
  }

  summary(): { readonly p50: number; readonly p99: number; readonly count: number } {
    const sorted = [...this.#values].sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { p50: at(0.5), p99: at(0.99), count: this.#count }
  }
}

function sizeOf(statements: readonly Statement[]): number {
  let bytes = 0
  for (const { sql, values } of statements) {
    bytes += sql.length
    for (const value of Object.values(values ?? [])) {
      if (typeof value === 'string') bytes += value.length
      else bytes += value instanceof Uint8Array ? value.byteLength : 8
    }
  }
  return bytes
}
