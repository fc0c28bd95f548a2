import type { BoundQuery } from './sql.ts'

/** What can be bound to a statement. A boolean is 0 or 1 in SQLite. */
export type SqlValue = null | string | number | bigint | boolean | Uint8Array

export type Row = Readonly<Record<string, unknown>>

export interface QueryResult {
  readonly rows: readonly Row[]
  /** Rows changed, or rows given. */
  readonly count: number
}

/** What may be done inside one transaction. It ends with the function that it was given to; using it afterwards throws. */
export interface Session {
  /** One statement with its values: `$1`, `$2` … for PostgreSQL, `?` for SQLite. Several in one text are refused. */
  query(text: string, values?: readonly SqlValue[]): Promise<QueryResult>
  /** One statement written with the tag `sql`, which binds whatever stands in `${…}`. */
  query(query: BoundQuery): Promise<QueryResult>
}

export interface SessionOptions {
  /** What the session is for, said when others wait for its connection: "the report of the day". */
  readonly what?: string
  /** SQLite always gives `serializable`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /**
   * Whether the whole function may be run again. Left out, it is after a deadlock, a conflict or a server that shuts down,
   * because the database has surely undone everything; `true` adds a lost connection, `false` allows nothing.
   */
  readonly repeatable?: boolean
  readonly signal?: AbortSignal
  /** Time-out of the connection and of each statement, where shorter than the pool's own. Milliseconds. */
  readonly timeoutMs?: number
}

/** A database behind its pool. Everything rejects with a ConsoleError that says what happened and what to do. */
export interface SessionSource {
  /** Runs the function in a transaction: committed when it resolves, rolled back when it rejects. */
  session<T>(run: (session: Session) => Promise<T>, options?: SessionOptions): Promise<T>
  /** The same without changes: the database refuses them. */
  read<T>(run: (session: Session) => Promise<T>, options?: SessionOptions): Promise<T>
}

/** One connection to a database, made by a {@link Driver}. Rejects with DatabaseError. */
export interface Connection {
  /** False once it is known to be lost or closed. */
  readonly alive: boolean
  /** Whether a transaction is open on it, as far as it is known. */
  readonly inTransaction: boolean
  /** One statement. Past its time-out, or when the signal aborts, it is cancelled; where that does not help the connection is killed. */
  query(text: string, values: readonly SqlValue[], limits: Limits): Promise<QueryResult>
  /** Resolves when the database answers over this connection and it still is the database that was connected to. */
  ping(timeoutMs: number): Promise<void>
  /** Told once when it ends, whoever ended it. */
  onEnded(listener: () => void): void
  /** Says goodbye, for at most a second. */
  close(): Promise<void>
  /** Ends it at once, whatever it is doing. */
  kill(): void
}

export interface Limits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A kind of database, and where this one is. */
export interface Driver {
  readonly engine: 'sqlite' | 'postgres'
  /** As it is shown; never holds a password. */
  readonly where: string
  /** Whether only one session may change it at a time. */
  readonly oneWriter: boolean
  connect(limits: Limits): Promise<Connection>
  /** Statements that begin a transaction. */
  begin(mode: SessionMode, isolation: NonNullable<SessionOptions['isolation']>): readonly string[]
  /** How the n-th value (from 1) stands in a text. */
  placeholder(position: number): string
  /** What is shown of the database, asked now and then in a session that reads. */
  facts(session: Session): Promise<DatabaseFacts>
  /**
   * Resolves when nothing of the connections that were ended holds the database any more: what was killed takes a moment to be gone.
   * After a few seconds it resolves in any case.
   */
  gone(): Promise<void>
}

export type SessionMode = 'write' | 'read'

export interface DatabaseFacts {
  /** Version of the engine. */
  readonly version: string
  readonly bytes: number | null
  /** Why the database is not as it should be although it answers; null when it is. `unhealthy` when nothing can be done with it. */
  readonly flaw: { readonly health: 'degraded' | 'unhealthy'; readonly sentence: string } | null
}
