import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Clock, DisposableStore, type Logger, type Runtime } from '#core/platform/index.ts'
import { LatencyWindow } from './latency-window.ts'
import { ReaderThread } from './reader-thread.ts'
import type { ReplacedBy } from './recovery-record.ts'
import { Replacements, type ReplacementsParts } from './replacements.ts'
import { RetentionSweep } from './retention-sweep.ts'
import { SlowStatements } from './slow-statements.ts'
import { failureKind, storeClosed, storeError, storeFailed, storeInterrupted } from './sqlite-failure.ts'
import { StoreDatabase } from './store-database.ts'
import type { StoreRecord } from './store-record.ts'
import type {
  DatabaseName,
  DatabaseStatistics,
  OpenedAs,
  Replaced,
  Schema,
  Store,
  StoreCondition,
  StoreState,
  StoreStatistics,
} from './types.ts'
import type { Upkeep } from './upkeep.ts'
import { WriterLine, type WriterListener } from './writer-line.ts'
import type { WriterNotice, WriterOpening } from './writer-protocol.ts'
import { startWriter } from './writer-thread.ts'

export interface OpenStoreParts extends Pick<ReplacementsParts, 'ready' | 'replacing' | 'inUse'> {
  readonly upkeep: (path: (database: DatabaseName) => string) => Upkeep
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly limits: Readonly<Record<DatabaseName, number>>
  readonly record: Pick<StoreRecord, 'noteRound' | 'settled'>
  /** Time that the console has seen pass, milliseconds. */
  readonly seenMs: () => number
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

const names = ['control', 'messages'] as const
const closeWithinMs = 15_000

/** Starts the writer threads on databases that were made ready. Rejects with a ConsoleError when one cannot be used at all. */
export async function openOn(parts: OpenStoreParts): Promise<Store> {
  const { runtime, logger, ready } = parts
  const started = await Promise.allSettled(
    names.map((database) => startWriter(runtime, logger, { database, setup: ready[database].setup })),
  )
  const threads = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  const [control, messages] = threads
  if (failed || !control || !messages) {
    await Promise.all(threads.map((thread) => thread.close(closeWithinMs)))
    throw failed?.reason
  }
  const store = new OpenStore(parts, (database, listener) => {
    const start = () => startWriter(runtime, logger, { database, setup: store.replacements.setups[database] })
    const thread = { control, messages }[database]
    return new WriterLine({ thread, start, clock: parts.clock, logger, listener })
  })
  try {
    await store.replacements.begin(threads.flatMap(({ opening }) => opening ?? []))
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** The store while it is open: joins queues, threads and what becomes of them. */
class OpenStore implements Store {
  readonly control: StoreDatabase
  readonly messages: StoreDatabase
  readonly replacements: Replacements
  readonly upkeep: Upkeep
  readonly #parts: OpenStoreParts
  readonly #lines: Readonly<Record<DatabaseName, WriterLine>>
  readonly #readerThread: ReaderThread
  readonly #latency = new LatencyWindow()
  readonly #slow = new SlowStatements()
  readonly #retention: RetentionSweep
  #limits: Readonly<Record<DatabaseName, number>>
  #busyRetries = 0
  /** What is said of a database while its writer thread is away. */
  readonly #away: Partial<Record<DatabaseName, StoreCondition>> = {}
  #closing: Promise<void> | undefined

  constructor(parts: OpenStoreParts, lineFor: (name: DatabaseName, listener: WriterListener) => WriterLine) {
    this.#parts = parts
    const { runtime, logger } = parts
    this.#limits = parts.limits
    this.replacements = new Replacements({
      ...parts,
      database: (name) => this[name],
      line: (name) => this.#lines[name],
    })
    this.#readerThread = new ReaderThread(runtime, logger, (name, ms) => this.#tellSlow(name, ms))
    this.upkeep = parts.upkeep((name) => this[name].path)
    const line = (name: DatabaseName) => lineFor(name, this.#listenerOf(name))
    this.#lines = { control: line('control'), messages: line('messages') }
    this.control = this.#database('control')
    this.messages = this.#database('messages')
    this.#retention = new RetentionSweep({
      databases: { control: this.control, messages: this.messages },
      schemas: parts.schemas,
      limits: () => this.#limits,
      writable: (name) => this.#lines[name].running && ['open', 'stand-in'].includes(this[name].condition.state),
      fileBytes: (name) => this[name].sizes().bytes,
      shrink: (database, pages) => this.#lines[database].send({ type: 'shrink', pages }),
      seenMs: parts.seenMs,
      clock: parts.clock,
      logger,
    })
  }

  get opened(): Readonly<Record<DatabaseName, OpenedAs>> {
    return this.replacements.opened
  }

  statistics(): StoreStatistics {
    const databases = { control: this.#statisticsOf('control'), messages: this.#statisticsOf('messages') }
    const { state, note, since } = worstOf([databases.control, databases.messages])
    const queues = [this.control.queue, this.messages.queue]
    const sum = (of: (queue: (typeof queues)[number]) => number) =>
      queues.reduce((total, queue) => total + of(queue), 0)
    return {
      state,
      note,
      since,
      queue: { depth: sum(({ depth }) => depth), bound: sum(({ bound }) => bound) },
      commit: this.#latency.summary(),
      refused: sum(({ lost }) => lost.refused),
      dropped: sum(({ lost }) => lost.dropped),
      busyRetries: this.#busyRetries,
      databases,
      slow: this.#slow.worst(),
      deleted: this.#retention.deleted,
    }
  }

  seenMs(): number {
    return this.#parts.seenMs()
  }

  get limits(): Readonly<Record<DatabaseName, number>> {
    return this.#limits
  }

  setLimits(limits: Readonly<Record<DatabaseName, number>>): void {
    this.#limits = limits
  }

  directPort(): MessagePort {
    if (this.#closing) throw storeClosed('messages', 'the site was closed')
    if (!this.#lines.messages.running) throw storeInterrupted('messages', 'its writer thread is being started again')
    const { port1, port2 } = new MessageChannel()
    this.#lines.messages.send({ type: 'direct', port: port2 }, [port2])
    return port1
  }

  replace(name: DatabaseName, why: string, by: ReplacedBy): Promise<OpenedAs> {
    return this.replacements.replace(name, why, by)
  }

  endStandIn(name: DatabaseName): Promise<boolean> {
    return this.replacements.comeBack(name)
  }

  onReplaced(listener: (replaced: Replaced) => void): Disposable {
    return this.replacements.onReplaced(listener)
  }

  async settled(): Promise<void> {
    await Promise.all(names.map((name) => this[name].queue.idle()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #listenerOf(name: DatabaseName): WriterListener {
    return {
      notice: (notice) => this.#notice(name, notice),
      lost: (reason) => this.#lost(name, reason),
      back: (opening) => this.#back(name, opening),
      gaveUp: (reason) => this.#gaveUp(name, reason),
    }
  }

  #notice(name: DatabaseName, notice: WriterNotice): void {
    switch (notice.type) {
      case 'committed':
        this[name].take(notice.outcomes)
        return
      case 'trouble':
        if (failureKind(notice.failure) === 'damaged') this.#damaged(name, notice.failure.message)
        else this[name].readOnly(notice.failure)
        return
      case 'probed':
        this[name].probed(notice.failure)
        return
      case 'slow':
        this.#tellSlow(notice.statement, notice.ms)
        return
      case 'busy':
        this.#busyRetries += notice.retries
        return
      case 'log-round':
        void this.#parts.record.noteRound(name, notice.round)
    }
  }

  #lost(name: DatabaseName, reason: string): void {
    const note = `The writer thread of the ${name} database ended (${reason}) and is being started again.`
    this.#away[name] = { state: 'recovering', note, since: this.#parts.clock.wall() }
    this.#parts.logger.error(note)
    this[name].interrupted(reason)
  }

  #back(name: DatabaseName, opening: WriterOpening | null): void {
    delete this.#away[name]
    if (opening === null) return
    const { failure, readOnly, round } = opening
    if (round !== null) void this.#parts.record.noteRound(name, round)
    if (this.replacements.take(opening)) return
    if (failure === null) this[name].resumed(readOnly)
    else if (failureKind(failure) === 'damaged') this.#damaged(name, failure.message)
    else if (failureKind(failure) === 'read-only') this[name].resumed(failure)
    else this[name].fail(storeError(name, failure))
  }

  #gaveUp(name: DatabaseName, reason: string): void {
    delete this.#away[name]
    const failure = { code: 'unknown', message: `its writer thread ended too often: ${reason}` }
    this.#parts.logger.error(`The ${name} database cannot be written any more: ${failure.message}.`)
    this.replacements.take({ database: name, failure, readOnly: null, round: null })
    this[name].fail(storeFailed(name, failure.message))
  }

  #database(name: DatabaseName): StoreDatabase {
    return new StoreDatabase({
      name,
      line: () => this.#lines[name],
      readerThread: this.#readerThread,
      latency: this.#latency,
      clock: this.#parts.clock,
      onSlow: (statement, ms) => this.#tellSlow(statement, ms),
      onDamage: ({ message }) => this.#damaged(name, message),
      onReplaced: (listener) => this.onReplaced(({ database }) => database === name && listener()),
    })
  }

  #damaged(name: DatabaseName, message: string): void {
    this.replace(name, message, 'damage').catch((error: unknown) => {
      this.#parts.logger.error(`The damaged ${name} database could not be replaced.`, { error: String(error) })
    })
  }

  #statisticsOf(name: DatabaseName): DatabaseStatistics {
    const { condition } = this[name]
    const away = this.#away[name]
    const shown = away && condition.state !== 'failed' ? away : condition
    return { ...shown, ...this[name].sizes(), limitBytes: this.#limits[name] }
  }

  #tellSlow(statement: string, ms: number): void {
    this.#slow.add(statement, ms, this.#parts.clock.wall())
  }

  async #close(): Promise<void> {
    const { logger } = this.#parts
    this.replacements.close()
    for (const name of names) this[name].close('the site was closed')
    await Promise.race([this.#retention[Symbol.asyncDispose](), elapsed(closeWithinMs)])
    await Promise.race([this.#quiet(), elapsed(closeWithinMs)])
    // Readers before the writer: the last connection to a database takes its write-ahead log away.
    const readers = new DisposableStore()
    for (const reader of [this.control, this.messages, this.#readerThread]) readers.add(reader)
    await readers[Symbol.asyncDispose]()
    const problems = await Promise.all(names.map((name) => this.#lines[name].close(closeWithinMs)))
    for (const problem of problems.flat()) logger.warn(problem)
    for (const name of names) {
      const error = storeClosed(name, 'the site was closed')
      this[name].queue.interrupt(error)
      this[name].queue.refuseWaiting(error)
    }
    await this.replacements[Symbol.asyncDispose]()
    await this.#parts.record.settled()
  }

  /** Nothing waits, and nothing is being replaced. */
  async #quiet(): Promise<void> {
    await this.replacements.quiet()
    await this.settled()
  }
}

const badness: readonly StoreState[] = ['open', 'stand-in', 'recovering', 'read-only', 'failed']

function worstOf(conditions: readonly StoreCondition[]): StoreCondition {
  const [worst] = [...conditions].sort((a, b) => badness.indexOf(b.state) - badness.indexOf(a.state))
  return worst ?? { state: 'open', note: null, since: 0 }
}

/** Real time, whatever the injected clock says: it bounds the wait for a real thread. */
function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}
