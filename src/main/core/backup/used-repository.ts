import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'

export interface UsedRepositoryOptions {
  /** The control database, with `backupSchema`. */
  readonly database: Database
  /** Where the site's snapshots are kept. */
  readonly folder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Which repository was used in a folder, so that a disk that is not connected can be told from one that was never made. */
export class UsedRepository implements Disposable {
  readonly #options: UsedRepositoryOptions
  readonly #following: Disposable
  #id: string | null

  constructor(options: UsedRepositoryOptions) {
    this.#options = options
    this.#id = this.#recorded()
    this.#following = options.database.onReplaced(() => this.#noteAgain())
  }

  /** Rejects as {@link Database.write} does. */
  async note(repository: string): Promise<void> {
    this.#id = repository
    const { database, folder, clock } = this.#options
    const sql = `INSERT INTO backup_repositories (folder, repository, used_at) VALUES (?, ?, ?)
      ON CONFLICT (folder) DO UPDATE SET repository = excluded.repository, used_at = excluded.used_at`
    await database.write([{ sql, values: [folder, repository, clock.wall()] }], 'bookkeeping')
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }

  #recorded(): string | null {
    const { database, folder } = this.#options
    const sql = 'SELECT repository FROM backup_repositories WHERE folder = ?'
    return database.get<{ repository: string }>({ sql, values: [folder] })?.repository ?? null
  }

  #noteAgain(): void {
    if (this.#id === null) return
    this.note(this.#id).catch((error: unknown) =>
      this.#options.logger.warn('Which repository was used could not be recorded in the replaced database.', {
        error: String(error),
      }),
    )
  }
}
