import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'

export interface UsedRepositoryOptions {
  /** The control database, with `backupSchema`. */
  readonly database: Database
  /** Where the site's snapshots are kept at the moment. */
  readonly chosen: { readonly key: string }
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
    const { database, chosen, clock } = this.#options
    const sql = `INSERT INTO backup_repositories (folder, repository, used_at) VALUES (?, ?, ?)
      ON CONFLICT (folder) DO UPDATE SET used_at = excluded.used_at, repository = excluded.repository,
      encrypted = CASE WHEN repository = excluded.repository THEN encrypted ELSE 0 END`
    await database.write([{ sql, values: [chosen.key, repository, clock.wall()] }], 'bookkeeping')
  }

  /** Records that a repository is encrypted, and which secret opened it; null: the operator did. */
  async noteEncrypted(repository: string, secret: string | null): Promise<void> {
    const { database, chosen, clock } = this.#options
    if (this.wasEncrypted(repository) && (secret === null || this.secret() === secret)) return
    const sql = `INSERT INTO backup_repositories (folder, repository, used_at, encrypted, secret) VALUES (?, ?, ?, 1, ?)
      ON CONFLICT (folder) DO UPDATE SET repository = excluded.repository, used_at = excluded.used_at, encrypted = 1,
      secret = coalesce(excluded.secret, secret)`
    await database.write([{ sql, values: [chosen.key, repository, clock.wall(), secret] }], 'bookkeeping')
  }

  /** Whether this repository was seen encrypted: one that says otherwise now has been tampered with. */
  wasEncrypted(repository: string): boolean {
    const sql = 'SELECT count(*) AS count FROM backup_repositories WHERE repository = ? AND encrypted = 1'
    return (this.#options.database.get<{ count: number }>({ sql, values: [repository] })?.count ?? 0) > 0
  }

  /** Whether any repository that this site has used was encrypted. */
  everEncrypted(): boolean {
    const sql = 'SELECT count(*) AS count FROM backup_repositories WHERE encrypted = 1'
    return (this.#options.database.get<{ count: number }>({ sql })?.count ?? 0) > 0
  }

  /** Name of the secret that opened the backups in this folder last, for when site.yaml cannot be read. */
  secret(): string | null {
    const { database, chosen } = this.#options
    const sql = 'SELECT secret FROM backup_repositories WHERE folder = ?'
    return database.get<{ secret: string | null }>({ sql, values: [chosen.key] })?.secret ?? null
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }

  #recorded(): string | null {
    const { database, chosen } = this.#options
    const sql = 'SELECT repository FROM backup_repositories WHERE folder = ?'
    return database.get<{ repository: string }>({ sql, values: [chosen.key] })?.repository ?? null
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
