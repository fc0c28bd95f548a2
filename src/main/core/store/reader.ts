import Database from 'better-sqlite3'
import { failureOf, storeError } from './sqlite-failure.ts'
import { bound, StatementCache } from './statement-cache.ts'
import type { DatabaseName, Statement } from './types.ts'

/** A read-only connection on the calling thread, beside the writer; sees every commit as soon as it is made. */
export class Reader implements Disposable {
  readonly #name: DatabaseName
  readonly #database: Database.Database
  readonly #statements: StatementCache

  constructor(name: DatabaseName, path: string) {
    this.#name = name
    this.#database = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
    this.#database.pragma('mmap_size = 0')
    this.#database.pragma('cache_size = -4000')
    this.#statements = new StatementCache(this.#database)
  }

  all<T>(statement: Statement): readonly T[] {
    return this.#told(() => this.#statements.prepare(statement.sql).all(...bound(statement)))
  }

  get<T>(statement: Statement): T | undefined {
    return this.#told(() => this.#statements.prepare(statement.sql).get(...bound(statement)))
  }

  [Symbol.dispose](): void {
    this.#database.close()
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
