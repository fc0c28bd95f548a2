import type Database from 'better-sqlite3'
import { hasTable } from './schema-versions.ts'

const markName = 'log'

/** The last round of the write-ahead log that a database knows of; 0 for one that no console has numbered yet. */
export function lastRound(database: Database.Database): number {
  if (!hasTable(database, 'store_marks')) return 0
  const value = database.prepare<[string], string>('SELECT value FROM store_marks WHERE name = ?').pluck().get(markName)
  const round = Number(value)
  return Number.isSafeInteger(round) && round > 0 ? round : 0
}

/**
 * Numbers the rounds of a write-ahead log. The first thing in each round is its number, made durable there, and known outside
 * of the database as well soon after. A database that comes back with a lower number than is known outside has lost its log, or
 * is an older file: what a killed console leaves holds the number in the log, what is carried over holds it in the file, whoever does that.
 * Costs one small transaction for each round (16 MB), and a few microseconds for each group.
 */
export class LogRound {
  readonly #database: Database.Database
  readonly #state: Database.Statement<[], { busy: number; log: number; checkpointed: number }>
  #last: number
  #begun = false

  /** `known`: the number that is known outside. */
  constructor(database: Database.Database, known: number) {
    this.#database = database
    this.#last = Math.max(known, lastRound(database))
    this.#state = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  }

  /** Numbers what is written from now on, durably. Throws SQLite's error when the disk takes no writes. */
  begin(): number {
    this.#database.pragma('synchronous = FULL')
    const next = this.#last + 1
    this.#database.prepare('INSERT OR REPLACE INTO store_marks (name, value) VALUES (?, ?)').run(markName, String(next))
    this.#last = next
    this.#begun = true
    return next
  }

  /** After a group: begins the next round when the whole log was carried over, since the next transaction begins it anew. Null when not. */
  look(): number | null {
    const { busy, log, checkpointed } = this.#state.get() ?? { busy: 1, log: 0, checkpointed: 0 }
    if (this.#begun && (busy !== 0 || checkpointed < log)) return null
    try {
      return this.begin()
    } catch {
      // The disk takes nothing: the next group shows that, and the next look tries again.
      return null
    }
  }
}
