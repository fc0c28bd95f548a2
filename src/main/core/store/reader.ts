import Database from 'better-sqlite3'
import { ReadConnection } from './read-connection.ts'
import { failureOf, storeError } from './sqlite-failure.ts'
import { bound } from './statement-cache.ts'
import type { DatabaseName, Statement } from './types.ts'

/** Short reads of one database on the calling thread. Throws ConsoleErrors. */
export class Reader implements Disposable {
  readonly #name: DatabaseName
  readonly #connection: ReadConnection

  constructor(name: DatabaseName, path: string) {
    this.#name = name
    this.#connection = new ReadConnection(path)
  }

  all<T>(statement: Statement): readonly T[] {
    return this.#told(() => this.#connection.statements.prepare(statement.sql).all(...bound(statement)))
  }

  get<T>(statement: Statement): T | undefined {
    return this.#told(() => this.#connection.statements.prepare(statement.sql).get(...bound(statement)))
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]()
  }

  #told<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof Database.SqliteError) throw storeError(this.#name, failureOf(error))
      throw error
    }
  }
}
