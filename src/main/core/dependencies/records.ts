import { z } from 'zod'
import type { BreakerRecord } from '#core/proxy/index.ts'
import type { Database } from '#core/store/index.ts'

const recordSchema = z.object({
  dependency: z.string(),
  state: z.enum(['closed', 'open', 'half-open', 'isolated']),
  because: z.enum([
    'new',
    'failures-in-a-row',
    'failure-rate',
    'checks-failed',
    'trial-failed',
    'trial-unanswered',
    'time-is-over',
    'trials-passed',
    'operator',
  ]),
  at: z.number(),
})

/** What is remembered of dependencies over a restart of the console. */
export class DependencyRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The breakers by the id of their dependency. What another version wrote and this one cannot read is left out. */
  states(): Readonly<Record<string, BreakerRecord>> {
    const rows = this.#database.all<Record<string, unknown>>({
      sql: 'SELECT dependency, state, because, at FROM dependency_states',
    })
    const known = rows.flatMap((row) => recordSchema.safeParse(row).data ?? [])
    return Object.fromEntries(known.map(({ dependency, ...record }) => [dependency, record]))
  }

  async remember(dependency: string, { state, because, at }: BreakerRecord): Promise<void> {
    const sql = `INSERT INTO dependency_states (dependency, state, because, at) VALUES (?, ?, ?, ?)
      ON CONFLICT (dependency) DO UPDATE SET state = excluded.state, because = excluded.because, at = excluded.at`
    await this.#database.write([{ sql, values: [dependency, state, because, Math.round(at)] }], 'bookkeeping')
  }

  async forget(dependency: string): Promise<void> {
    const sql = 'DELETE FROM dependency_states WHERE dependency = ?'
    await this.#database.write([{ sql, values: [dependency] }], 'bookkeeping')
  }

  /** The port at which services reach the local proxy; null before the first time. */
  port(): number | null {
    const [row] = this.#database.all<{ value: string }>({
      sql: "SELECT value FROM dependency_proxy WHERE name = 'port'",
    })
    return row === undefined ? null : Number(row.value)
  }

  async rememberPort(port: number): Promise<void> {
    const sql = `INSERT INTO dependency_proxy (name, value) VALUES ('port', ?)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`
    await this.#database.write([{ sql, values: [String(port)] }], 'bookkeeping')
  }
}
