import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Clock, DisposableStore, Listeners, type Logger, type Runtime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { LatencyWindow } from './latency-window.ts'
import { patienceMs } from './patience.ts'
import { ReaderThread } from './reader-thread.ts'
import type { Ready } from './readiness.ts'
import type { ReplacedBy } from './recovery-record.ts'
import { RetentionSweep } from './retention-sweep.ts'
import { SlowStatements } from './slow-statements.ts'
import {
  failureKind,
  failureOf,
  type SqliteFailure,
  storeClosed,
  storeError,
  storeFailed,
  storeInterrupted,
} from './sqlite-failure.ts'
import { StoreDatabase } from './store-database.ts'
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
import type { DatabaseSetup, WriterNotice, WriterOpening } from './writer-protocol.ts'
import { startWriter } from './writer-thread.ts'

/** What is done about a database to which this process holds no connection. */
export interface Replacing {
  /** Puts a good file, or a stand-in, in its place. */
  replace(database: DatabaseName, damage: string, by: ReplacedBy): Promise<Ready>
  /** Looks once more at a database that could not be opened for writing. Rejects while it cannot be read. */
  again(database: DatabaseName, ready: Ready): Promise<Ready>
  /** The database is sound, but cannot be opened for writing: another file takes its place for now. */
  standInFor(database: DatabaseName, why: string): Promise<Ready>
}

export interface OpenStoreParts {
  /** The databases as they were made ready. */
  readonly ready: Readonly<Record<DatabaseName, Ready>>
  readonly replacing: Replacing
  /** Told when a database was opened for writing, at opening and whenever it was replaced. */
  readonly inUse: (database: DatabaseName) => Promise<void>
  readonly upkeep: (path: (database: DatabaseName) => string) => Upkeep
  readonly schemas: Readonly<Record<DatabaseName, readonly Schema[]>>
  readonly limits: Readonly<Record<DatabaseName, number>>
  /** Time that the console has seen pass, milliseconds. */
  readonly seenMs: () => number
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

const names = ['control', 'messages'] as const
const closeWithinMs = 15_000
/** What was put in a database's place may turn out damaged as well, so often. */
const mostAttempts = 6

/** Starts the writer thread on databases that were made ready. Rejects with a ConsoleError when one cannot be used at all. */
export async function openOn(parts: OpenStoreParts): Promise<Store> {
  const { runtime, logger, ready } = parts
  const databases = { control: ready.control.setup, messages: ready.messages.setup }
  const thread = await startWriter(runtime, logger, { databases })
  const store = new OpenStore(parts, (listener) => {
    const start = () => startWriter(runtime, logger, { databases: store.setups() })
    return new WriterLine({ thread, start, clock: parts.clock, logger, listener })
  })
  try {
    await store.begin(thread.openings)
    return store
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** The store while it is open: joins queues, threads and what becomes of them. */
class OpenStore implements Store, WriterListener {
  readonly control: StoreDatabase
  readonly messages: StoreDatabase
  readonly opened: Record<DatabaseName, OpenedAs>
  readonly upkeep: Upkeep
  readonly #parts: OpenStoreParts
  readonly #line: WriterLine
  readonly #readerThread: ReaderThread
  readonly #latency = new LatencyWindow()
  readonly #slow = new SlowStatements()
  readonly #replaced: Listeners<Replaced>
  readonly #replacing = new Map<DatabaseName, Promise<OpenedAs>>()
  /** How a writer thread that is started now opens each database; null while it is let go. */
  readonly #setups: Record<DatabaseName, DatabaseSetup | null>
  /** Replacements that wait for the next writer thread to open them. */
  readonly #awaited = new Map<DatabaseName, (opening: WriterOpening) => void>()
  readonly #retention: RetentionSweep
  #limits: Readonly<Record<DatabaseName, number>>
  #busyRetries = 0
  /** Set while the writer thread is away. */
  #away: StoreCondition | null = null
  #closing: Promise<void> | undefined

  constructor(parts: OpenStoreParts, lineFor: (listener: WriterListener) => WriterLine) {
    this.#parts = parts
    const { ready, runtime, logger } = parts
    this.#limits = parts.limits
    this.opened = { control: ready.control.opened, messages: ready.messages.opened }
    this.#setups = { control: settled(ready.control.setup), messages: settled(ready.messages.setup) }
    this.#replaced = new Listeners((error) => logger.error('A listener of the store failed.', { error: String(error) }))
    this.#readerThread = new ReaderThread(runtime, logger, (name, ms) => this.#tellSlow(name, ms))
    this.upkeep = parts.upkeep((name) => this[name].path)
    this.#line = lineFor(this)
    this.control = this.#database('control')
    this.messages = this.#database('messages')
    this.#retention = new RetentionSweep({
      databases: { control: this.control, messages: this.messages },
      schemas: parts.schemas,
      limits: () => this.#limits,
      writable: (name) => this.#line.running && ['open', 'stand-in'].includes(this[name].condition.state),
      shrink: (database, pages) => this.#line.send({ type: 'shrink', database, pages }),
      seenMs: parts.seenMs,
      clock: parts.clock,
      logger,
    })
  }

  /** Takes the databases into use as the writer thread found them, replacing those that turn out to be damaged. */
  async begin(openings: readonly WriterOpening[]): Promise<void> {
    for (const { database: name, failure, readOnly } of openings) {
      const trouble = failure ?? this.#use(name, this.#parts.ready[name])
      if (trouble !== null) await this.#exchange(name, () => this.#mended(name, this.#parts.ready[name], trouble, 0))
      else await this.#parts.inUse(name)
      if (trouble === null && readOnly) this[name].readOnly(readOnly)
    }
  }

  setups(): Readonly<Record<DatabaseName, DatabaseSetup | null>> {
    return { ...this.#setups }
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
    if (!this.#line.running) throw storeInterrupted('messages', 'its writer thread is being started again')
    const { port1, port2 } = new MessageChannel()
    this.#line.send({ type: 'direct', port: port2 }, [port2])
    return port1
  }

  replace(name: DatabaseName, why: string, by: ReplacedBy): Promise<OpenedAs> {
    if (this.#closing) return Promise.reject(storeClosed(name, 'the site was closed'))
    const running = this.#replacing.get(name)
    if (running) return running
    const work = this.#exchange(name, () => this.#parts.replacing.replace(name, why, by))
      .then((opened) => {
        this.#replaced.tell({ database: name, opened, by })
        return opened
      })
      .finally(() => this.#replacing.delete(name))
    this.#replacing.set(name, work)
    return work
  }

  onReplaced(listener: (replaced: Replaced) => void): Disposable {
    return this.#replaced.add(listener)
  }

  async settled(): Promise<void> {
    await Promise.all(names.map((name) => this[name].queue.idle()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  notice(notice: WriterNotice): void {
    switch (notice.type) {
      case 'committed':
        this[notice.database].take(notice.outcomes)
        return
      case 'trouble':
        if (failureKind(notice.failure) === 'damaged') this.#damaged(notice.database, notice.failure.message)
        else this[notice.database].readOnly(notice.failure)
        return
      case 'probed':
        this[notice.database].probed(notice.failure)
        return
      case 'slow':
        this.#tellSlow(notice.statement, notice.ms)
        return
      case 'busy':
        this.#busyRetries += notice.retries
    }
  }

  lost(reason: string): void {
    const note = `The writer thread of the store ended (${reason}) and is being started again.`
    this.#away = { state: 'recovering', note, since: this.#parts.clock.wall() }
    this.#parts.logger.error(note)
    for (const name of names) this[name].interrupted(reason)
  }

  back(openings: readonly WriterOpening[]): void {
    this.#away = null
    for (const opening of openings) {
      const { database: name, failure, readOnly } = opening
      const awaited = this.#awaited.get(name)
      if (awaited) awaited(opening)
      else if (failure === null) this[name].resumed(readOnly)
      else if (failureKind(failure) === 'damaged') this.#damaged(name, failure.message)
      else if (failureKind(failure) === 'read-only') this[name].resumed(failure)
      else this[name].fail(storeError(name, failure))
    }
  }

  gaveUp(reason: string): void {
    this.#away = null
    this.#parts.logger.error(`The store cannot write any more: its writer thread ended too often: ${reason}.`)
    for (const name of names) {
      const failure = { code: 'unknown', message: `its writer thread ended too often: ${reason}` }
      this.#awaited.get(name)?.({ database: name, failure, readOnly: null })
      this[name].fail(storeFailed(name, failure.message))
    }
  }

  #database(name: DatabaseName): StoreDatabase {
    return new StoreDatabase({
      name,
      line: () => this.#line,
      readerThread: this.#readerThread,
      latency: this.#latency,
      clock: this.#parts.clock,
      onSlow: (statement, ms) => this.#tellSlow(statement, ms),
      onDamage: ({ message }) => this.#damaged(name, message),
      onReplaced: (listener) => this.onReplaced(({ database }) => database === name && listener()),
    })
  }

  #use(name: DatabaseName, { setup, opened }: Ready): SqliteFailure | null {
    return this[name].use(setup.path, opened.how === 'stand-in' ? opened.reason : null)
  }

  /** What the writer or a reader could not open. A disk that fails for a moment is no reason to do without the database. */
  async #mended(name: DatabaseName, before: Ready, failure: SqliteFailure, attempt: number): Promise<Ready> {
    const { replacing, logger } = this.#parts
    const error = storeError(name, failure)
    logger.error(error.message)
    const kind = failureKind(failure)
    if (kind === 'damaged') return await replacing.replace(name, failure.message, 'damage')
    if (kind !== 'read-only') throw error
    const pause = patienceMs[attempt]
    if (pause === undefined) return await replacing.standInFor(name, error.message)
    await elapsed(pause)
    return await replacing.again(name, before)
  }

  #damaged(name: DatabaseName, message: string): void {
    this.replace(name, message, 'damage').catch((error: unknown) => {
      this.#parts.logger.error(`The damaged ${name} database could not be replaced.`, { error: String(error) })
    })
  }

  /** Lets go of a database, and goes on with what `make` puts in its place. */
  async #exchange(name: DatabaseName, make: () => Promise<Ready>): Promise<OpenedAs> {
    const database = this[name]
    this.#setups[name] = null
    try {
      await this.#letGo(name)
      let ready = await make()
      for (let attempt = 1; ; attempt++) {
        const { failure, readOnly } = await this.#openAgain(name, ready.setup)
        const trouble = failure ?? this.#use(name, ready)
        if (trouble && attempt >= mostAttempts) throw storeError(name, trouble)
        if (trouble) {
          await this.#letGo(name)
          ready = await this.#mended(name, ready, trouble, attempt)
          continue
        }
        this.#setups[name] = settled(ready.setup)
        this.opened[name] = ready.opened
        await this.#parts.inUse(name)
        if (readOnly) database.readOnly(readOnly)
        return ready.opened
      }
    } catch (error) {
      const problem = error instanceof ConsoleError ? error : storeFailed(name, failureOf(error).message)
      database.fail(problem)
      throw problem
    }
  }

  async #letGo(name: DatabaseName): Promise<void> {
    await this[name].letGo(`The ${name} database is being replaced by a good one.`)
    await this.#line.ask({ type: 'release', database: name }, (notice) =>
      notice.type === 'released' && notice.database === name ? true : undefined,
    )
  }

  async #openAgain(name: DatabaseName, setup: DatabaseSetup): Promise<WriterOpening> {
    const opening = await this.#line.ask({ type: 'open', database: name, setup }, (notice) =>
      notice.type === 'opened' && notice.database === name ? notice : undefined,
    )
    if (opening) return opening
    // The writer thread is away: the next one opens it.
    this.#setups[name] = setup
    const awaited = Promise.withResolvers<WriterOpening>()
    this.#awaited.set(name, awaited.resolve)
    try {
      return await awaited.promise
    } finally {
      this.#awaited.delete(name)
    }
  }

  #statisticsOf(name: DatabaseName): DatabaseStatistics {
    const { condition } = this[name]
    const shown = this.#away && condition.state !== 'failed' ? this.#away : condition
    return { ...shown, ...this[name].sizes(), limitBytes: this.#limits[name] }
  }

  #tellSlow(statement: string, ms: number): void {
    this.#slow.add(statement, ms, this.#parts.clock.wall())
  }

  async #close(): Promise<void> {
    const { logger } = this.#parts
    for (const name of names) this[name].close('the site was closed')
    await Promise.race([this.#retention[Symbol.asyncDispose](), elapsed(closeWithinMs)])
    await Promise.race([this.#quiet(), elapsed(closeWithinMs)])
    // Readers before the writer: the last connection to a database takes its write-ahead log away.
    const readers = new DisposableStore()
    for (const reader of [this.control, this.messages, this.#readerThread]) readers.add(reader)
    await readers[Symbol.asyncDispose]()
    for (const problem of await this.#line.close(closeWithinMs)) logger.warn(problem)
    for (const name of names) {
      const error = storeClosed(name, 'the site was closed')
      this[name].queue.interrupt(error)
      this[name].queue.refuseWaiting(error)
    }
    this.#replaced.clear()
  }

  /** Nothing waits, and nothing is being replaced. */
  async #quiet(): Promise<void> {
    await Promise.allSettled(this.#replacing.values())
    await this.settled()
  }
}

/** The same database once it is migrated. */
function settled({ path, at }: DatabaseSetup): DatabaseSetup {
  return { path, isNew: false, pending: [], at, continueFrom: null, rewrite: false }
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
