import { type Clock, Listeners, type Logger } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { patienceMs } from './patience.ts'
import type { Ready } from './readiness.ts'
import type { ReplacedBy } from './recovery-record.ts'
import { failureKind, failureOf, type SqliteFailure, storeClosed, storeError, storeFailed } from './sqlite-failure.ts'
import { StandInWatch } from './stand-in-watch.ts'
import type { StoreDatabase } from './store-database.ts'
import type { DatabaseName, OpenedAs, Replaced } from './types.ts'
import type { WriterLine } from './writer-line.ts'
import type { DatabaseSetup, WriterOpening } from './writer-protocol.ts'

/** What is done about a database to which this process holds no connection. */
export interface Replacing {
  /** Puts a good file, or a stand-in, in its place. */
  replace(database: DatabaseName, damage: string, by: ReplacedBy): Promise<Ready>
  /** Looks once more at a database that could not be opened for writing. Rejects while it cannot be read. */
  again(database: DatabaseName, ready: Ready): Promise<Ready>
  /** The database is sound, but cannot be opened for writing: another file takes its place for now. */
  standInFor(database: DatabaseName, why: string): Promise<Ready>
  /** Whether a stand-in runs for a database of which no damage is known, and that one can most likely be opened again. Changes nothing. */
  mayComeBack(database: DatabaseName): Promise<boolean>
  /** Goes back from such a stand-in to the database, which is looked at as when the site is opened; a stand-in again where that fails. */
  comeBack(database: DatabaseName): Promise<Ready>
}

export interface ReplacementsParts {
  /** The databases as they were made ready. */
  readonly ready: Readonly<Record<DatabaseName, Ready>>
  readonly replacing: Replacing
  /** Told when a database was opened for writing, at opening and whenever it was replaced, with the round that its log has begun. */
  readonly inUse: (database: DatabaseName, round: number | null) => Promise<void>
  readonly database: (name: DatabaseName) => StoreDatabase
  readonly line: (name: DatabaseName) => WriterLine
  readonly clock: Clock
  readonly logger: Logger
}

/** What was put in a database's place may turn out damaged as well, so often. */
const mostAttempts = 6

/** Which file is in use under a database's name, and how another one takes its place while the store is open. */
export class Replacements implements AsyncDisposable {
  readonly opened: Record<DatabaseName, OpenedAs>
  readonly #parts: ReplacementsParts
  readonly #listeners: Listeners<Replaced>
  readonly #running = new Map<DatabaseName, Promise<OpenedAs>>()
  /** How a writer thread that is started now opens its database; null while that is let go. */
  readonly #setups: Record<DatabaseName, DatabaseSetup | null>
  /** Replacements that wait for the next writer thread to open them. */
  readonly #awaited = new Map<DatabaseName, (opening: WriterOpening) => void>()
  readonly #watch: StandInWatch
  #closed = false

  constructor(parts: ReplacementsParts) {
    this.#parts = parts
    const { ready, logger, clock, replacing } = parts
    this.opened = { control: ready.control.opened, messages: ready.messages.opened }
    this.#setups = { control: settled(ready.control.setup), messages: settled(ready.messages.setup) }
    this.#listeners = new Listeners((error) =>
      logger.error('A listener of the store failed.', { error: String(error) }),
    )
    this.#watch = new StandInWatch({
      standsIn: (name) => this.opened[name].how === 'stand-in',
      mayComeBack: (name) => replacing.mayComeBack(name),
      comeBack: (name) => this.comeBack(name),
      clock,
      logger,
    })
  }

  get setups(): Readonly<Record<DatabaseName, DatabaseSetup | null>> {
    return { ...this.#setups }
  }

  /** Takes the databases into use as the writer threads found them, replacing those that turn out to be damaged. */
  async begin(openings: readonly WriterOpening[]): Promise<void> {
    const { ready, inUse, database } = this.#parts
    for (const { database: name, failure, readOnly, round } of openings) {
      const trouble = failure ?? this.#use(name, ready[name])
      if (trouble !== null) await this.#exchange(name, () => this.#mended(name, ready[name], trouble, 0))
      else await inUse(name, round)
      if (trouble === null && readOnly) database(name).readOnly(readOnly)
    }
    this.#watch.begin()
  }

  /** Gives an opening to the replacement that waits for it; false when none does. */
  take(opening: WriterOpening): boolean {
    const awaited = this.#awaited.get(opening.database)
    awaited?.(opening)
    return awaited !== undefined
  }

  /** See {@link Store.replace}. */
  replace(name: DatabaseName, why: string, by: ReplacedBy): Promise<OpenedAs> {
    return this.#once(name, by, () => this.#parts.replacing.replace(name, why, by))
  }

  /** See {@link Store.endStandIn}. */
  async comeBack(name: DatabaseName): Promise<boolean> {
    if (!(await this.#parts.replacing.mayComeBack(name))) return false
    const opened = await this.#once(name, 'itself', () => this.#parts.replacing.comeBack(name))
    return opened.how !== 'stand-in'
  }

  onReplaced(listener: (replaced: Replaced) => void): Disposable {
    return this.#listeners.add(listener)
  }

  /** Begins no other. */
  close(): void {
    this.#closed = true
    this.#watch[Symbol.dispose]()
  }

  /** Resolves when nothing is being replaced. */
  async quiet(): Promise<void> {
    await Promise.allSettled(this.#running.values())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.quiet()
    this.#listeners.clear()
  }

  #once(name: DatabaseName, by: Replaced['by'], make: () => Promise<Ready>): Promise<OpenedAs> {
    if (this.#closed) return Promise.reject(storeClosed(name, 'the site was closed'))
    const running = this.#running.get(name)
    if (running) return running
    const work = this.#exchange(name, make)
      .then((opened) => {
        this.#listeners.tell({ database: name, opened, by })
        return opened
      })
      .finally(() => this.#running.delete(name))
    this.#running.set(name, work)
    return work
  }

  #use(name: DatabaseName, { setup, opened }: Ready): SqliteFailure | null {
    return this.#parts.database(name).use(setup.path, opened.how === 'stand-in' ? opened.reason : null)
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

  /** Lets go of a database, and goes on with what `make` puts in its place. */
  async #exchange(name: DatabaseName, make: () => Promise<Ready>): Promise<OpenedAs> {
    const database = this.#parts.database(name)
    this.#setups[name] = null
    try {
      await this.#letGo(name)
      let ready = await make()
      for (let attempt = 1; ; attempt++) {
        const { failure, readOnly, round } = await this.#openAgain(name, ready.setup)
        const trouble = failure ?? this.#use(name, ready)
        if (trouble && attempt >= mostAttempts) throw storeError(name, trouble)
        if (trouble) {
          await this.#letGo(name)
          ready = await this.#mended(name, ready, trouble, attempt)
          continue
        }
        this.#setups[name] = settled(ready.setup)
        this.opened[name] = ready.opened
        await this.#parts.inUse(name, round)
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
    const { database, line } = this.#parts
    await database(name).letGo(`The ${name} database is being replaced by a good one.`)
    await line(name).ask({ type: 'release' }, (notice) => (notice.type === 'released' ? true : undefined))
  }

  async #openAgain(name: DatabaseName, setup: DatabaseSetup): Promise<WriterOpening> {
    const opening = await this.#parts
      .line(name)
      .ask({ type: 'open', setup }, (notice) => (notice.type === 'opened' ? notice : undefined))
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
}

/** The same database once it is migrated. */
function settled({ path, at, rescueTo, round }: DatabaseSetup): DatabaseSetup {
  return { path, isNew: false, pending: [], at, continueFrom: null, rewrite: false, rescueTo, round }
}

/** Real time, whatever the injected clock says: a real disk is waited for. */
function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}
