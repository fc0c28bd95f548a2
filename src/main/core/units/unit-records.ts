import type { UnitDefinition } from '#core/config/index.ts'
import type { Logger } from '#core/platform/index.ts'
import type { Database, Statement } from '#core/store/index.ts'

/** `adopting` and `releasing` are intents: found at start, both mean that the unit is to get its service back. */
export type HoldingPhase = 'adopting' | 'adopted' | 'releasing'

/** A unit whose service the console runs, is taking over, or is giving back. */
export interface Holding {
  readonly service: string
  readonly unit: UnitDefinition
  readonly phase: HoldingPhase
  /** How the unit was before the console touched it: what it gets back. `enabled` in the word of systemd. */
  readonly before: { readonly active: boolean; readonly enabled: string }
  /** Wall-clock milliseconds. */
  readonly at: number
}

interface Row {
  readonly service: string
  readonly unit: string
  readonly of: string
  readonly phase: string
  readonly was_active: number
  readonly was_enabled: string
  readonly at: number
}

/** What must be on record before a unit is touched, durably. */
export class UnitRecords implements Disposable {
  readonly #database: Database
  readonly #held: Map<string, Holding>
  readonly #following: Disposable

  constructor(database: Database, logger: Logger) {
    this.#database = database
    const sql = 'SELECT service, unit, of, phase, was_active, was_enabled, at FROM unit_holdings'
    this.#held = new Map(database.all<Row>({ sql }).map((row) => [row.service, toHolding(row)]))
    // An older copy may know nothing of a unit that was handed over since: it would never get its service back.
    this.#following = database.onReplaced(() => {
      const all = [...this.#held.values()].map(putting)
      database
        .write([{ sql: 'DELETE FROM unit_holdings' }, ...all], 'bookkeeping')
        .catch((error: unknown) =>
          logger.error('Which units were taken over could not be recorded again.', { error: String(error) }),
        )
    })
  }

  get(service: string): Holding | undefined {
    return this.#held.get(service)
  }

  all(): readonly Holding[] {
    return [...this.#held.values()]
  }

  /** Resolves once it is durable: only then may the unit be touched. */
  async put(holding: Holding): Promise<void> {
    await this.#database.write([putting(holding)], 'bookkeeping')
    this.#held.set(holding.service, holding)
  }

  /** The unit has its service back. */
  async remove(service: string): Promise<void> {
    await this.#database.write(
      [{ sql: 'DELETE FROM unit_holdings WHERE service = ?', values: [service] }],
      'bookkeeping',
    )
    this.#held.delete(service)
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]()
  }
}

function putting({ service, unit, phase, before, at }: Holding): Statement {
  return {
    sql: `INSERT OR REPLACE INTO unit_holdings (service, unit, of, phase, was_active, was_enabled, at)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
    values: [service, unit.name, unit.of, phase, before.active ? 1 : 0, before.enabled, at],
  }
}

function toHolding(row: Row): Holding {
  return {
    service: row.service,
    unit: { name: row.unit, of: row.of === 'user' ? 'user' : 'system' },
    phase: row.phase === 'adopted' || row.phase === 'releasing' ? row.phase : 'adopting',
    before: { active: row.was_active === 1, enabled: row.was_enabled },
    at: row.at,
  }
}
