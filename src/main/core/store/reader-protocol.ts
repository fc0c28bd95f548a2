import type { SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName, Statement } from './types.ts'

/** What the reader thread is started with. */
export interface ReaderSetup {
  /** One number, shared: the id of the query that nobody waits for any more. The thread looks at it between rows. */
  readonly calledOff: Int32Array
}

/** To the reader thread, one at a time. */
export type ReaderRequest =
  | {
      readonly type: 'query'
      readonly id: number
      readonly database: DatabaseName
      readonly path: string
      readonly statement: Statement
      /** Milliseconds after which it gives up, looked at between rows. */
      readonly atMostMs: number
    }
  | { readonly type: 'release'; readonly database: DatabaseName }
  | { readonly type: 'close' }

/** From the reader thread: one answer to each request. `rows` are whatever type their caller names, which `never` can become. */
export type ReaderNotice =
  | { readonly type: 'rows'; readonly id: number; readonly rows: readonly never[]; readonly ms: number }
  | { readonly type: 'given up'; readonly id: number; readonly ms: number }
  | { readonly type: 'failed'; readonly id: number; readonly failure: SqliteFailure }
  | { readonly type: 'released'; readonly database: DatabaseName }
