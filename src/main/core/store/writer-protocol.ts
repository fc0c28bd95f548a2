import type { MessagePort } from 'node:worker_threads'
import type { LogRound } from './log-round.ts'
import type { PendingMigration } from './schema-versions.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName } from './types.ts'
import type { PackedOutcomes, PackedWrites } from './write-packing.ts'

/** What a writer thread is started with. A database that is being replaced is opened later (null). */
export interface WriterSetup {
  readonly database: DatabaseName
  readonly setup: DatabaseSetup | null
}

export interface DatabaseSetup {
  readonly path: string
  /** Whether the file holds none of the store's own tables yet. */
  readonly isNew: boolean
  readonly pending: readonly PendingMigration[]
  /** Wall-clock milliseconds, for the record of migrations. */
  readonly at: number
  /** Set when this database takes the place of a damaged one: its sequences go on from here. */
  readonly continueFrom: number | null
  /** Whether the file is to be written anew so that it can shrink; there is a copy from before then. */
  readonly rewrite: boolean
  /** Where a copy of it is written, should its file be taken away while it is open; null for a stand-in. */
  readonly rescueTo: string | null
  /** The round of its write-ahead log that is known outside of it; null for a stand-in. See {@link LogRound}. */
  readonly round: number | null
}

/** To the writer thread of one database. */
export type WriterRequest =
  | { readonly type: 'writes'; readonly writes: PackedWrites }
  | { readonly type: 'direct'; readonly port: MessagePort }
  /** Close the database as it is; what waits for it goes on waiting. Answered by `released`. */
  | { readonly type: 'release' }
  /** Open it again, or what lies in its place now. Answered by `opened`. */
  | { readonly type: 'open'; readonly setup: DatabaseSetup }
  /** Try whether the disk takes writes again. Answered by `probed`. */
  | { readonly type: 'probe' }
  /** Give at most so many free pages back to the file system. */
  | { readonly type: 'shrink'; readonly pages: number }
  | { readonly type: 'close' }

/**
 * How a database was opened: `failure` when it was not, `readOnly` when its disk takes no writes at present; `round` is the one that its
 * write-ahead log has begun, null when it has none that counts.
 */
export interface WriterOpening {
  readonly database: DatabaseName
  readonly failure: SqliteFailure | null
  readonly readOnly: SqliteFailure | null
  readonly round: number | null
}

/** From the writer thread. `closed` is the last, after which the thread ends by itself. */
export type WriterNotice =
  | { readonly type: 'started'; readonly opening: WriterOpening | null }
  | ({ readonly type: 'opened' } & WriterOpening)
  | { readonly type: 'committed'; readonly outcomes: PackedOutcomes }
  /** The file is damaged, and was closed; or its disk takes no writes. Told before the outcomes that show it. */
  | { readonly type: 'trouble'; readonly failure: SqliteFailure }
  | { readonly type: 'probed'; readonly failure: SqliteFailure | null }
  | { readonly type: 'released' }
  | { readonly type: 'slow'; readonly statement: string; readonly ms: number }
  | { readonly type: 'busy'; readonly retries: number }
  | { readonly type: 'log-round'; readonly round: number }
  | { readonly type: 'closed'; readonly problems: readonly string[] }
