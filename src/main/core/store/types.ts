import type { LogDamage } from './database-answer.ts'
import type { RecordClass } from './record-classes.ts'
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
 * it (`statistics().retained`), and gives the space back.
 */
export interface Retention {
  readonly table: string
  /** An integer key that grows with age's opposite: a sequence, never a time, so that no jump of the clock deletes anything. */
  readonly key: string
  /** Most rows that the table keeps. */
  readonly mostRows?: number
  /**
   * Queries that select keys of rows whose time is over, at most `limit` each, given at every sweep. `read` is for short
   * look-ups on the calling thread, `now` wall-clock milliseconds.
   */
  readonly expired?: (read: Pick<Database, 'all' | 'get'>, now: number, limit: number) => readonly Keys[]
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
 * One of the console's own databases. Writes go to the writer thread, where everything that waits is committed together;
 * reads run on a read-only connection beside it, on the calling thread, and must be keyed and short.
 */
export interface Database {
  readonly name: DatabaseName
  /**
   * Runs the statements in order as one unit: all of them or none. Resolves after the commit has the durability of the
   * class. Writes to one database are made in the order of the calls.
   * Rejects with a ConsoleError: `store-full` when the queue is full, `store-read-only` when the disk is, `store-refused`
   * with SQLite's own reason when a statement failed, `store-damaged`, `store-busy`, and `store-closed` after the store was
   * closed or its writer ended.
   */
  write(statements: readonly Statement[], recordClass: RecordClass): Promise<readonly StatementResult[]>
  /** All rows of a short query. */
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
}

export interface QueryOptions {
  /** Milliseconds from the call to the answer; 5,000 unless told. */
  readonly atMostMs?: number
  readonly signal?: AbortSignal
}

export type DatabaseName = 'control' | 'messages'

export interface StoreStatistics {
  /** Writes waiting for the writer thread, and the most that may wait. */
  readonly queue: { readonly depth: number; readonly bound: number }
  /** Milliseconds from the hand-over to the durable commit, over the last 1,000 commits. */
  readonly commit: { readonly p50: number; readonly p99: number; readonly count: number }
  /** Whether everything can be recorded. `read-only`: the disk takes no writes at present. `failed`: until reopened. */
  readonly state: 'open' | 'read-only' | 'failed'
  /** Why, in a sentence, when it cannot. */
  readonly note: string | null
  /** Bytes of each database including its write-ahead log. */
  readonly bytes: Readonly<Record<DatabaseName, number>>
}

/** The console's own databases under `.wheelhouse/`, open and migrated. */
export interface Store extends AsyncDisposable {
  readonly control: Database
  readonly messages: Database
  /** How the databases were found at opening: fresh, clean, after an unclean exit, or set aside as corrupt. */
  readonly opened: Readonly<Record<DatabaseName, OpenedAs>>
  /** Copies, checks, quarantine, and what was done about damage. */
  readonly upkeep: Upkeep
  statistics(): StoreStatistics
  /**
   * A message port straight to the writer thread, for a data-plane thread: it carries packed batches of `Statement`
   * lists and brings back their commits, so that they never pass through the control plane.
   */
  directPort(): import('node:worker_threads').MessagePort
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
      /** Folder of the stand-in that ended with it; null when there was none. */
      readonly standIn: string | null
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
  readonly database: DatabaseName
  readonly recordClass: RecordClass
  readonly statements: readonly Statement[]
}
export type DirectReply = { readonly id: number; readonly error: string | null; readonly rowids: readonly number[] }
