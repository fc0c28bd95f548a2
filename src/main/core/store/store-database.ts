import { statSync } from 'node:fs'
import type { Clock } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { LatencyWindow } from './latency-window.ts'
import { Reader } from './reader.ts'
import type { ReaderThread } from './reader-thread.ts'
import type { RecordClass } from './record-classes.ts'
import {
  failureKind,
  failureOf,
  type SqliteFailure,
  storeClosed,
  storeError,
  storeInterrupted,
  storeRecovering,
} from './sqlite-failure.ts'
import type {
  Database,
  DatabaseName,
  QueryOptions,
  Statement,
  StatementResult,
  StoreCondition,
  StoreState,
} from './types.ts'
import { type PackedOutcomes, unpackOutcomes } from './write-packing.ts'
import { WriteQueue } from './write-queue.ts'
import type { WriterLine } from './writer-line.ts'

export interface StoreDatabaseParts {
  readonly name: DatabaseName
  readonly line: () => WriterLine
  readonly readerThread: ReaderThread
  readonly latency: LatencyWindow
  readonly clock: Clock
  readonly onSlow: (statement: string, ms: number) => void
  /** Damage was seen while reading. */
  readonly onDamage: (failure: SqliteFailure) => void
  /** Adds one who is told when this database was replaced. */
  readonly onReplaced: (listener: () => void) => Disposable
}

/** How often a disk that takes no writes is tried. Milliseconds. */
const probeEveryMs = 1_000

/** One database as the rest of the console has it: its state, its reader, and what waits to be written to it. */
export class StoreDatabase implements Database {
  readonly name: DatabaseName
  readonly queue: WriteQueue
  readonly #parts: StoreDatabaseParts
  #condition: StoreCondition
  #reader: Reader | undefined
  #path = ''
  /** Why another file stands in for the real one until a person decides. */
  #standIn: string | null = null
  /** What whoever writes is told, when that cannot be done. */
  #refusal: ConsoleError | null = null
  #closed: ConsoleError | null = null
  #scheduled = false
  #probe: Disposable | undefined

  constructor(parts: StoreDatabaseParts) {
    this.name = parts.name
    this.#parts = parts
    this.queue = new WriteQueue({ database: parts.name, latency: parts.latency, clock: parts.clock })
    this.#condition = { state: 'recovering', note: 'It is being opened.', since: parts.clock.wall() }
  }

  get condition(): StoreCondition {
    return this.#condition
  }

  get path(): string {
    return this.#path
  }

  write(statements: readonly Statement[], recordClass: RecordClass): Promise<readonly StatementResult[]> {
    const refusal = this.#closed ?? this.#refusal
    if (refusal) return Promise.reject(refusal)
    const written = this.queue.enter(recordClass, statements)
    this.#handOverSoon()
    return written
  }

  all<T>(statement: Statement): readonly T[] {
    return this.#readable().all(statement)
  }

  get<T>(statement: Statement): T | undefined {
    return this.#readable().get(statement)
  }

  async query<T>(statement: Statement, options?: QueryOptions): Promise<readonly T[]> {
    const reader = this.#readable()
    const where = { database: this.name, path: this.#path }
    try {
      return await this.#parts.readerThread.query<T>(where, statement, options)
    } catch (error) {
      // Another database may have taken its place meanwhile.
      if (this.#reader === reader && error instanceof ConsoleError && error.problem.code === 'store-damaged') {
        const { reason, detail } = error.problem.params
        this.#parts.onDamage({ code: String(reason), message: String(detail) })
      }
      throw error
    }
  }

  onReplaced(listener: () => void): Disposable {
    return this.#parts.onReplaced(listener)
  }

  /** It is open at `path`, and is read and written from now on. Says why when it cannot be read. */
  use(path: string, standIn: string | null): SqliteFailure | null {
    try {
      this.#reader = new Reader({ path, onSlow: this.#parts.onSlow, failed: (failure) => this.#failedRead(failure) })
    } catch (error) {
      return failureOf(error)
    }
    this.#path = path
    this.#standIn = standIn
    this.#goOn()
    return null
  }

  /** The writer thread said what became of units. */
  take(outcomes: PackedOutcomes): void {
    unpackOutcomes(outcomes, (id, outcome) => this.queue.leave(id, outcome))
    this.#handOver()
  }

  /** The disk takes no writes: none is tried until a probe succeeds. */
  readOnly(failure: SqliteFailure): void {
    if (this.#condition.state === 'recovering' || this.#condition.state === 'failed') return
    const error = storeError(this.name, failure)
    this.#refuse('read-only', error)
    this.#probeLater()
  }

  /** What the writer thread's probe came to. */
  probed(failure: SqliteFailure | null): void {
    if (this.#condition.state !== 'read-only') return
    if (failure === null) this.#goOn()
    else if (failureKind(failure) !== 'damaged') this.#probeLater()
  }

  /** The writer thread ended. What it had may or may not be recorded; the rest waits for the next one. */
  interrupted(reason: string): void {
    this.queue.interrupt(storeInterrupted(this.name, `its writer thread ended: ${reason}`))
  }

  /** Another writer thread has it open. */
  resumed(failure: SqliteFailure | null): void {
    if (this.#condition.state === 'recovering' || this.#condition.state === 'failed') return
    if (failure) this.readOnly(failure)
    else this.#goOn()
  }

  /** Lets go of it, so that another file can take its place: nothing is read, what is written waits. */
  async letGo(note: string): Promise<void> {
    this.#probe?.[Symbol.dispose]()
    this.#refusal = null
    this.#set('recovering', note)
    this.#reader?.[Symbol.dispose]()
    this.#reader = undefined
    await this.#parts.readerThread.release(this.name)
  }

  /** Nothing can be read or written until it is replaced, or the site opened again. */
  fail(error: ConsoleError): void {
    this.#probe?.[Symbol.dispose]()
    this.#refuse('failed', error)
    // What the writer thread has may be recorded yet, when the database comes back: its outcome is not known.
    this.queue.interrupt(storeInterrupted(this.name, 'it cannot be used any more'))
  }

  /** Takes nothing more. What waits is still written. */
  close(why: string): void {
    this.#closed = storeClosed(this.name, why)
    this.#probe?.[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.#probe?.[Symbol.dispose]()
    this.#reader?.[Symbol.dispose]()
    this.#reader = undefined
  }

  /** Sizes without opening the files: opening and closing one would drop SQLite's locks. */
  sizes(): { readonly bytes: number; readonly walBytes: number } {
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
    return { bytes: size(this.#path), walBytes: size(`${this.#path}-wal`) }
  }

  #readable(): Reader {
    if (this.#reader) return this.#reader
    if (this.#condition.state === 'recovering') throw storeRecovering(this.name)
    throw this.#closed ?? this.#refusal ?? storeClosed(this.name, 'the site was closed')
  }

  #failedRead(failure: SqliteFailure): ConsoleError {
    if (failureKind(failure) === 'damaged') this.#parts.onDamage(failure)
    return storeError(this.name, failure)
  }

  #refuse(state: StoreState, error: ConsoleError): void {
    this.#refusal = error
    this.#set(state, error.message)
    this.queue.refuseWaiting(error)
  }

  #goOn(): void {
    this.#refusal = null
    this.#set(this.#standIn === null ? 'open' : 'stand-in', this.#standIn)
    this.#handOverSoon()
  }

  #set(state: StoreState, note: string | null): void {
    const since = state === this.#condition.state ? this.#condition.since : this.#parts.clock.wall()
    this.#condition = { state, note, since }
  }

  /** Everything that is written in one turn of the event loop goes over together. */
  #handOverSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#handOver()
    })
  }

  #handOver(): void {
    const line = this.#parts.line()
    const { state } = this.#condition
    if (!line.running || (state !== 'open' && state !== 'stand-in')) return
    const writes = this.queue.takeForHandOver()
    if (writes.length > 0) line.hand(writes)
  }

  #probeLater(): void {
    this.#probe?.[Symbol.dispose]()
    if (this.#closed) return
    this.#probe = this.#parts.clock.after(probeEveryMs, () => this.#parts.line().send({ type: 'probe' }))
  }
}
