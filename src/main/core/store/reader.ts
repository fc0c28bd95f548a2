import { ReadConnection } from './read-connection.ts'
import { slowMs } from './slow-statements.ts'
import { failureOf, type SqliteFailure } from './sqlite-failure.ts'
import { bound, type Prepared } from './statement-cache.ts'
import { statementName } from './statement-name.ts'
import type { Statement } from './types.ts'

export interface ReaderParts {
  readonly path: string
  /** Makes what is thrown of SQLite's failure. */
  readonly failed: (failure: SqliteFailure) => Error
  readonly onSlow: (statement: string, ms: number) => void
}

/** Short reads of one database on the calling thread. */
export class Reader implements Disposable {
  readonly #parts: ReaderParts
  readonly #connection: ReadConnection

  constructor(parts: ReaderParts) {
    this.#parts = parts
    this.#connection = new ReadConnection(parts.path)
  }

  all<T>(statement: Statement): readonly T[] {
    return this.#read(statement, (prepared) => prepared.all(...bound(statement)))
  }

  get<T>(statement: Statement): T | undefined {
    return this.#read(statement, (prepared) => prepared.get(...bound(statement)))
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]()
  }

  #read<T>(statement: Statement, read: (prepared: Prepared) => T): T {
    const began = performance.now()
    try {
      return read(this.#connection.statements.prepare(statement.sql))
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw this.#parts.failed(failureOf(error))
      throw error
    } finally {
      const ms = performance.now() - began
      if (ms > slowMs) this.#parts.onSlow(statementName(statement), ms)
    }
  }
}
