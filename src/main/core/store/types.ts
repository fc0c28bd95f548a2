import type { LogDamage } from './database-answer.ts'
import type { RecordClass } from './record-classes.ts'
import type { ReplacedBy } from './recovery-record.ts'
import type { LostInterval } from './recovery-sentence.ts'
import type { Upkeep } from './upkeep.ts'

export type { Durability, RecordClass } from './record-classes.ts'

/** A value that SQLite stores as it is. Booleans are 0 and 1, dates are milliseconds, objects are JSON text. */
export type SqlValue = string | number | bigint | null | Uint8Array

/** One statement with its bound parameters. Values never become part of the text. */
export interface Statement {
  readonly sql: string
  readonly values?: readonly SqlValue[] | Readonly<Record<string, SqlValue>>
  /** What it is called where slow statements are listed; else made of its text: "INSERT events". */
  readonly name?: string
}

/** What one statement did. `rows` holds what a RETURNING clause gave. */
export interface StatementResult {
  readonly changes: number
  readonly lastInsertRowid: number
  readonly rows: readonly Record<string, SqlValue>[]
}

/** One step of a database's schema. Versions count from 1 without gaps; a step is never changed once released. */
export interface Migration {
  readonly version: number
  /** What it does, for the log: "events with subject and kind indexed". */
  readonly what: string
  readonly sql: string
}

/** The schema steps of one module's tables; `owner` is the module's folder name and keys its version counter. */
export interface Schema {
  readonly owner: string
  readonly migrations: readonly Migration[]
  /**
   * A statement that gives the time of the newest record (wall-clock milliseconds) at once, for tables that record what
   * happens: it tells from when on records are missing after a recovery.
   */
  readonly newest?: string
  /** How its tables are kept small. Tables without a rule are kept by their module, or stay small by themselves. */
  readonly retention?: readonly Retention[]
}

/**
 * What may be deleted from a table, always the lowest keys first. The store does it in small steps beside all other work, counts
 * it (`statistics().deleted`), and gives the space back.
 */
export interface Retention {
  readonly table: string
  /** An integer key that grows with age's opposite: a sequence, never a time, so that no jump of the clock deletes anything. */
  readonly key: string
  /** Most rows that the table keeps. */
  readonly mostRows?: number
  /**
   * Queries that select keys of rows whose time is over, at most `limit` each, given at every sweep. `read` is for short
   * look-ups on the calling thread, `seenMs` how much time the console has seen pass ({@link Store.seenMs}).
   */
  readonly expired?: (read: Pick<Database, 'all' | 'get'>, seenMs: number, limit: number) => readonly Keys[]
  /** When space is short, tables give up their oldest rows in this order, the lowest number first. Absent: never. */
  readonly givesWay?: number
  /**
   * Statements that belong to a deletion and go before it in the same transaction, such as rows of an index by words.
   * `keys` is a query that selects the keys about to be deleted, to be used as `IN (${keys.sql})`.
   */
  readonly alongside?: (keys: Keys) => readonly Statement[]
}

/** A query that selects keys of rows, with its values in order. */
export interface Keys {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/**
 * One of the console's own databases. Writes go to its writer thread, where everything that waits is committed together;
 * reads run on a read-only connection beside it, on the calling thread, and must be keyed and short.
 */
export interface Database {
  readonly name: DatabaseName
  /**
   * Runs the statements in order as one unit: all of them or none. Resolves after the commit has the durability of the
   * class. Writes to one database are made in the order of the calls.
   * Rejects with a ConsoleError: `store-full` or `store-dropped` when its class has too many waiting, `store-read-only` when the
   * disk takes no writes, `store-refused` with SQLite's own reason when a statement failed, `store-damaged`, `store-busy`,
   * `store-interrupted` when the writer thread died on it (whether it was recorded is not known), and `store-closed` after
   * the store was closed or gave up.
   */
  write(statements: readonly Statement[], recordClass: RecordClass): Promise<readonly StatementResult[]>
  /** All rows of a short query. Throws a ConsoleError, `store-recovering` while the database is being replaced. */
  all<T>(statement: Statement): readonly T[]
  /** The first row of a short query, or undefined. */
  get<T>(statement: Statement): T | undefined
  /**
   * All rows of a query that may take longer than a look-up by key, read in a thread of its own. Rejects with the signal's
   * reason when it aborts, or with a ConsoleError: `store-query-slow` when it took longer than `atMostMs`, `store-query-busy`
   * when too many wait, `store-interrupted` when the thread died, and what {@link write} says of damage and closing. The time
   * is looked at between rows: a statement that sorts or counts much before its first row is answered for in time all the
   * same, but goes on in the thread until it is done.
   */
  query<T>(statement: Statement, options?: QueryOptions): Promise<readonly T[]>
  /**
   * Told when another file took this database's place while it was in use, and can be read and written: an older copy, what was
   * salvaged, nothing, or a stand-in. Whoever holds in memory what the database must hold as well writes it again.
   */
  onReplaced(listener: () => void): Disposable
}

export interface QueryOptions {
  /** Milliseconds from the call to the answer; 5,000 unless told. */
  readonly atMostMs?: number
  readonly signal?: AbortSignal
}

export type DatabaseName = 'control' | 'messages'

/** What a database is doing; see `storeStateSchema` of the contract. */
export type StoreState = 'open' | 'read-only' | 'recovering' | 'stand-in' | 'failed'

/** A state, since when (wall-clock milliseconds), and why in a sentence when it is not `open`. */
export interface StoreCondition {
  readonly state: StoreState
  readonly note: string | null
  readonly since: number
}

export interface DatabaseStatistics extends StoreCondition {
  /** The file, and the write-ahead log beside it. */
  readonly bytes: number
  readonly walBytes: number
  /** What retention keeps it within. */
  readonly limitBytes: number
}

/** A kind of statement that took over 40 ms; `lastAt` is wall-clock milliseconds. */
export interface SlowStatement {
  readonly name: string
  readonly count: number
  readonly worstMs: number
  readonly lastMs: number
  readonly lastAt: number
}

/** The worst condition of the databases, and the figures of all of them. */
export interface StoreStatistics extends StoreCondition {
  /** Writes waiting for the writer thread, and the most that may wait. */
  readonly queue: { readonly depth: number; readonly bound: number }
  /** Milliseconds from the call to the commit, over the last 1,000 writes; and how many there were. */
  readonly commit: { readonly p50: number; readonly p99: number; readonly count: number }
  /** Writes refused because their class was full, and expendable ones that were given up for newer ones. */
  readonly refused: number
  readonly dropped: number
  /** Transactions that were tried again because another program held a lock. */
  readonly busyRetries: number
  readonly databases: Readonly<Record<DatabaseName, DatabaseStatistics>>
  /** The slowest first, at most 20. */
  readonly slow: readonly SlowStatement[]
  /** Rows that retention deleted, by table. */
  readonly deleted: Readonly<Record<string, number>>
}

export interface Replaced {
  readonly database: DatabaseName
  readonly opened: OpenedAs
  /** `itself`: it could be opened again, and the stand-in for it ended. */
  readonly by: ReplacedBy | 'itself'
}

/** The console's own databases under `.wheelhouse/`, open and migrated. */
export interface Store extends AsyncDisposable {
  readonly control: Database
  readonly messages: Database
  /** How the databases were found at opening, or when they were last replaced. */
  readonly opened: Readonly<Record<DatabaseName, OpenedAs>>
  /** Copies, checks, quarantine, and what was done about damage. */
  readonly upkeep: Upkeep
  statistics(): StoreStatistics
  /**
   * Milliseconds that the console has seen pass on this site, whatever the wall clock does; across a start of the machine a day
   * at most. Keeps of records are measured by it. Goes back only when its record was lost or not written before the power went.
   */
  seenMs(): number
  /** Bytes that each database is kept within. */
  readonly limits: Readonly<Record<DatabaseName, number>>
  /** Keeps the databases within other sizes from the next look on, which comes within seconds. */
  setLimits(limits: Readonly<Record<DatabaseName, number>>): void
  /**
   * A message port straight to the writer thread of the messages, for a data-plane thread: it carries batches of `Statement` lists and brings
   * back their commits, so that they never pass through the control plane. Throws a retryable ConsoleError while the writer
   * thread is away; the port closes when the thread dies, and another one must be asked for then.
   */
  directPort(): import('node:worker_threads').MessagePort
  /**
   * Closes every connection of this process to a database, lets another file be put in its place, and goes on with that.
   * Writes wait meanwhile, reads are refused with `store-recovering`. Rejects when no file could be put there: the database has
   * `failed` then. A second call joins the first.
   */
  replace(database: DatabaseName, why: string, by: ReplacedBy): Promise<OpenedAs>
  /**
   * Ends the stand-in for a database of which no damage is known, where that one can be opened again; looked for by itself as well. What
   * the stand-in recorded is kept and told. Resolves with whether the database itself, or what a recovery put there, is in use now.
   */
  endStandIn(database: DatabaseName): Promise<boolean>
  /** Told after a database was replaced and is in use again. */
  onReplaced(listener: (replaced: Replaced) => void): Disposable
  /** Waits until everything written so far is committed. */
  settled(): Promise<void>
}

export type OpenedAs =
  | { readonly how: 'new' }
  | { readonly how: 'clean' }
  | {
      readonly how: 'after an unclean exit'
      /** Set when its write-ahead log was damaged, so that records are missing. */
      readonly log?: LogDamage
      /** Set when its write-ahead log was not there any more: from when to when records are missing, as {@link LostInterval}. */
      readonly lost?: LostInterval
    }
  | {
      readonly how: 'replaced'
      /** Folder in which the damaged files are kept. */
      readonly quarantined: string
      /** What was wrong and what was done about it, for the operator. */
      readonly reason: string
      /** Time of the copy that took its place, wall-clock milliseconds; null when none did. */
      readonly copiedAt: number | null
      readonly source: 'copy' | 'salvage' | 'empty'
      /** From when to when records are missing; `from` null when that cannot be told. */
      readonly lost: { readonly from: number | null; readonly to: number }
      /** Every place where something is that was recorded in stand-ins for it; empty when there was none. */
      readonly standIns: readonly string[]
    }
  | {
      /** The database stays as it is, untouched; a fresh one takes what happens until a person decides. */
      readonly how: 'stand-in'
      readonly reason: string
      /** Wall-clock milliseconds. */
      readonly since: number
    }

/** The wire format on {@link Store.directPort}. */
export type DirectWrite = {
  readonly id: number
  readonly recordClass: RecordClass
  readonly statements: readonly Statement[]
}
export type DirectReply = {
  readonly id: number
  readonly error: string | null
  /** Whether the same may succeed later: the statement is not at fault. */
  readonly retryable: boolean
  readonly rowids: readonly number[]
  /** What each statement read or gave with RETURNING. Only statements that are keyed and short belong here. */
  readonly rows: readonly StatementResult['rows'][]
}
