import Database from 'better-sqlite3'
import { StatementCache } from './statement-cache.ts'

/** A read-only connection beside the writer; sees every commit as soon as it is made. Throws SQLite's own errors. */
export class ReadConnection implements Disposable {
  readonly statements: StatementCache
  readonly #database: Database.Database

  constructor(path: string) {
    this.#database = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 })
    this.#database.pragma('mmap_size = 0')
    this.#database.pragma('cache_size = -4000')
    this.statements = new StatementCache(this.#database)
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
