import type { Clock, Logger } from '#core/platform/index.ts'
import type { Database, Statement } from '#core/store/index.ts'
import type { ScheduledKind } from '../schedule.ts'
import type { SizeOfDay } from './growth.ts'

export interface RecordsOptions {
  /** The control database, with `keepingSchema`. */
  readonly database: Database
  /** Where the snapshots are kept: sizes of another place say nothing of this one. */
  readonly folder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Sizes older than this are forgotten. */
const sizesKeptMs = 400 * 86_400_000

/**
 * What is remembered of the keeping beside the repository: since when each kind is scheduled, how large the repository was on each
 * day, and which shrinks are right. Losing it costs a trend and an answer, no snapshot.
 */
export class KeepingRecords implements Disposable {
  readonly #options: RecordsOptions
  readonly #following: Disposable
  readonly #scheduledSince: Map<ScheduledKind, number>
  readonly #accepted: Set<string>
  #sizes: readonly SizeOfDay[]

  constructor(options: RecordsOptions) {
    this.#options = options
    const { database, folder } = options
    const since = database.all<{ kind: ScheduledKind; since: number }>({
      sql: 'SELECT kind, since FROM backup_scheduled',
    })
    this.#scheduledSince = new Map(since.map((row) => [row.kind, row.since]))
    this.#accepted = new Set(
      database
        .all<{ snapshot: string }>({ sql: 'SELECT snapshot FROM backup_shrinks_accepted' })
        .map((row) => row.snapshot),
    )
    this.#sizes = database.all<SizeOfDay>({
      sql: 'SELECT at, bytes FROM backup_sizes WHERE folder = ? ORDER BY at',
      values: [folder],
    })
    this.#following = options.database.onReplaced(() => this.#writeAll())
  }

  /** Oldest first. */
  get sizes(): readonly SizeOfDay[] {
    return this.#sizes
  }

  /** First small snapshots of shrinks that an operator said to be right. */
  get accepted(): ReadonlySet<string> {
    return this.#accepted
  }

  /**
   * From when on the dates of a kind count that has no snapshot yet: since it was first seen in site.yaml, also in an earlier run of the
   * console. A time that lies ahead was written by a clock that was wrong, and begins anew.
   */
  scheduledSince(kind: ScheduledKind): number {
    const now = this.#options.clock.wall()
    const known = this.#scheduledSince.get(kind)
    if (known !== undefined && known <= now) return known
    this.#scheduledSince.set(kind, now)
    this.#write([scheduled(kind, now)])
    return now
  }

  /** The size of the repository now; the last one of a day counts. */
  noteSize(bytes: number): void {
    const { clock, folder } = this.#options
    const at = clock.wall()
    const day = dayOf(at)
    if (this.#sizes.at(-1)?.bytes === bytes && dayOf(this.#sizes.at(-1)?.at ?? 0) === day) return
    this.#sizes = [
      ...this.#sizes.filter((size) => dayOf(size.at) !== day && size.at > at - sizesKeptMs && size.at <= at),
      { at, bytes },
    ]
    this.#write([
      {
        sql: 'DELETE FROM backup_sizes WHERE folder = ? AND (day = ? OR at < ? OR at > ?)',
        values: [folder, day, at - sizesKeptMs, at],
      },
      sized(folder, { at, bytes }),
    ])
  }

  /** Rejects as {@link Database.write} does: an answer that is not stored must not look given. */
  async acceptShrink(snapshot: string): Promise<void> {
    await this.#options.database.write([accepted(snapshot, this.#options.clock.wall())], 'bookkeeping')
    this.#accepted.add(snapshot)
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }

  #writeAll(): void {
    const { folder, clock } = this.#options
    this.#write([
      ...[...this.#scheduledSince].map(([kind, since]) => scheduled(kind, since)),
      ...this.#sizes.map((size) => sized(folder, size)),
      ...[...this.#accepted].map((snapshot) => accepted(snapshot, clock.wall())),
    ])
  }

  #write(statements: readonly Statement[]): void {
    if (statements.length === 0) return
    const { database, logger } = this.#options
    database.write(statements, 'bookkeeping').catch((error: unknown) => {
      logger.warn('What is known of the keeping of backups could not be recorded.', { error: String(error) })
    })
  }
}

const dayOf = (at: number): number => Math.floor(at / 86_400_000)

const scheduled = (kind: ScheduledKind, since: number): Statement => ({
  sql: 'INSERT INTO backup_scheduled (kind, since) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET since = excluded.since',
  values: [kind, since],
})

const sized = (folder: string, { at, bytes }: SizeOfDay): Statement => ({
  sql: `INSERT INTO backup_sizes (folder, day, at, bytes) VALUES (?, ?, ?, ?)
    ON CONFLICT (folder, day) DO UPDATE SET at = excluded.at, bytes = excluded.bytes`,
  values: [folder, dayOf(at), at, bytes],
})

const accepted = (snapshot: string, at: number): Statement => ({
  sql: 'INSERT INTO backup_shrinks_accepted (snapshot, at) VALUES (?, ?) ON CONFLICT (snapshot) DO NOTHING',
  values: [snapshot, at],
})
