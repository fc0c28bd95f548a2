import type { Database, Statement } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type ConfigSources, digestOf, type Override, overrideSchema, sourcesSchema } from './sources.ts'

/** A version without its texts. */
export interface VersionRow {
  readonly id: number
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly digest: string
  /** Who put it to use, in words. */
  readonly why: string
  readonly bytes: number
}

/** So many versions are kept, of so many bytes together; the newest is kept in any case. */
export const versionBounds = { count: 50, bytes: 16 * 1024 * 1024 } as const
/** A larger one is not kept: one write to the store must stay small. */
const largest = 3 * 1024 * 1024
const mostOverrides = 200

/** What is remembered of the configuration in the control database: its versions, and what was set on screen. */
export class ConfigRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** What was set, by path. Rows that cannot be read are passed over. */
  overrides(): readonly Override[] {
    const rows = this.#database.all<{ path: string; value: string; at: number }>({
      sql: 'SELECT path, value, at FROM config_overrides ORDER BY at, path LIMIT ?',
      values: [mostOverrides],
    })
    return rows.flatMap(({ path, value, at }) => {
      try {
        return overrideSchema.parse({ path: JSON.parse(path), value: JSON.parse(value), at })
      } catch {
        return []
      }
    })
  }

  /** Sets values in the place of all that were set. Rejects as {@link Database.write} does. */
  async setOverrides(overrides: readonly Override[]): Promise<void> {
    if (overrides.length > mostOverrides) {
      throw new ConsoleError(
        'too-many-overrides',
        `${mostOverrides} values are set already, and no more are taken.`,
        'Write lasting values into site.yaml, and take back what was set here.',
      )
    }
    await this.#database.write(overrideStatements(overrides), 'bookkeeping')
  }

  /** Newest first. */
  versions(): readonly VersionRow[] {
    return this.#database.all<VersionRow>({
      sql: 'SELECT id, at, digest, why, bytes FROM config_versions ORDER BY id DESC',
    })
  }

  /** Texts of a version. Throws `version-unknown`. */
  sources(id: number): ConfigSources {
    const row = this.#database.get<{ sources: string }>({
      sql: 'SELECT sources FROM config_versions WHERE id = ?',
      values: [id],
    })
    if (!row) {
      throw new ConsoleError(
        'version-unknown',
        `There is no version ${id} of the configuration.`,
        'See which there are with `wheelhouse config history`.',
      )
    }
    return sourcesSchema.parse(JSON.parse(row.sources))
  }

  /** Keeps the version as the newest unless it is that already, and gives up the oldest beyond the bounds. Resolves with whether it is new. */
  async keep(sources: ConfigSources, at: number, why: string): Promise<boolean> {
    const digest = digestOf(sources)
    const known = this.versions()
    if (known[0]?.digest === digest) return false
    const text = JSON.stringify(sources)
    const bytes = Buffer.byteLength(text)
    if (bytes > largest) return false
    const insert: Statement = {
      sql: 'INSERT INTO config_versions (at, digest, why, bytes, sources) VALUES (?, ?, ?, ?, ?)',
      values: [at, digest, why, bytes, text],
    }
    const gone = surplus([{ bytes }, ...known]).map((row) => known[row - 1]?.id ?? -1)
    const remove = gone.map((id): Statement => ({ sql: 'DELETE FROM config_versions WHERE id = ?', values: [id] }))
    await this.#database.write([insert, ...remove], 'bookkeeping')
    return true
  }
}

/** Which of the versions, newest first, are beyond the bounds: their places in the list. The first never is. */
export function surplus(versions: readonly Pick<VersionRow, 'bytes'>[]): readonly number[] {
  let bytes = 0
  return versions.flatMap((version, index) => {
    bytes += version.bytes
    return index > 0 && (index >= versionBounds.count || bytes > versionBounds.bytes) ? [index] : []
  })
}

function overrideStatements(overrides: readonly Override[]): Statement[] {
  return [
    { sql: 'DELETE FROM config_overrides' },
    ...overrides.map(
      ({ path, value, at }): Statement => ({
        sql: 'INSERT OR REPLACE INTO config_overrides (path, value, at) VALUES (?, ?, ?)',
        values: [JSON.stringify(path), JSON.stringify(value ?? null), at],
      }),
    ),
  ]
}
