import type { MessagePort } from 'node:worker_threads'
import type { UnitOutcome } from './group-writer.ts'
import type { PendingMigration } from './schema-versions.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName, RecordClass, Statement } from './types.ts'

/** What the writer thread is started with. */
export interface WriterSetup {
  readonly databases: Readonly<Record<DatabaseName, DatabaseSetup>>
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
}

/** To the writer thread. */
export type WriterRequest =
  | {
      readonly type: 'write'
      readonly id: number
      readonly database: DatabaseName
      readonly recordClass: RecordClass
      readonly statements: readonly Statement[]
    }
  | { readonly type: 'direct'; readonly port: MessagePort }
  | { readonly type: 'close' }

/** From the writer thread. `closed` is the last, after which the thread ends by itself. */
export type WriterNotice =
  | {
      readonly type: 'open'
      readonly readOnly: readonly { readonly database: DatabaseName; readonly failure: SqliteFailure }[]
    }
  | { readonly type: 'not open'; readonly database: DatabaseName; readonly failure: SqliteFailure }
  | { readonly type: 'committed'; readonly outcomes: readonly { readonly id: number; readonly outcome: UnitOutcome }[] }
  | { readonly type: 'closed'; readonly problems: readonly string[] }
