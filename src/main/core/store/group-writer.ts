import type Database from 'better-sqlite3'
import { type CrashPoints, noCrashPoints } from '#core/platform/index.ts'
import type { Durability } from './record-classes.ts'
import { failureKind, failureOf, type SqliteFailure } from './sqlite-failure.ts'
import { bound, StatementCache } from './statement-cache.ts'
import type { Statement, StatementResult } from './types.ts'

/** One caller's statements: all of them or none. */
export interface Unit {
  readonly durability: Durability
  readonly statements: readonly Statement[]
}

export type UnitOutcome = { readonly results: readonly StatementResult[] } | { readonly failed: SqliteFailure }

const attemptsWhenBusy = 3

/**
 * Commits groups of units on one connection: one transaction and so one fsync for all, each unit in a savepoint of its own,
 * so that one that fails takes only itself back. Nothing here is asynchronous.
 */
export class GroupWriter {
  readonly #database: Database.Database
  readonly #statements: StatementCache
  readonly #crashPoints: CrashPoints
  #synchronous: 'FULL' | 'NORMAL' | undefined
  #damaged = false

  constructor(database: Database.Database, crashPoints: CrashPoints = noCrashPoints) {
    this.#database = database
    this.#statements = new StatementCache(database)
    this.#crashPoints = crashPoints
  }

  /** Whether SQLite has called the file damaged: then it must not be marked as closed cleanly. */
  get damaged(): boolean {
    return this.#damaged
  }

  /** What became of each unit, in order; after the commit, with the durability that the most demanding unit asks for. */
  commit(units: readonly Unit[]): readonly UnitOutcome[] {
    try {
      this.#setSynchronous(units)
      return this.#retried(units)
    } catch (error) {
      // The transaction as a whole was lost. Alone, each unit shows whether it was the one at fault.
      if (units.length === 1) return [{ failed: this.#noted(error) }]
      return units.map((unit) => this.#alone(unit))
    }
  }

  #alone(unit: Unit): UnitOutcome {
    try {
      return this.#retried([unit])[0] ?? { failed: { code: 'unknown', message: 'no outcome' } }
    } catch (error) {
      return { failed: this.#noted(error) }
    }
  }

  /** Only a lock held by somebody else is worth another attempt, and only with the whole transaction. */
  #retried(units: readonly Unit[]): readonly UnitOutcome[] {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#inOneTransaction(units)
      } catch (error) {
        if (attempt >= attemptsWhenBusy || failureKind(failureOf(error)) !== 'busy') throw error
      }
    }
  }

  #inOneTransaction(units: readonly Unit[]): readonly UnitOutcome[] {
    this.#run('BEGIN IMMEDIATE')
    try {
      const outcomes = units.map((unit) => this.#inSavepoint(unit))
      this.#crashPoints.reach('store.before-commit')
      this.#run('COMMIT')
      return outcomes
    } catch (error) {
      if (this.#database.inTransaction) this.#run('ROLLBACK')
      throw error
    }
  }

  #inSavepoint(unit: Unit): UnitOutcome {
    this.#run('SAVEPOINT unit')
    try {
      const results = unit.statements.map((statement) => this.#execute(statement))
      this.#run('RELEASE unit')
      return { results }
    } catch (error) {
      // Some errors (disk full, out of memory) end the transaction itself, and with it what other units had done.
      if (!this.#database.inTransaction) throw error
      this.#run('ROLLBACK TO unit')
      this.#run('RELEASE unit')
      const failed = this.#noted(error)
      if (failureKind(failed) === 'busy') throw error
      return { failed }
    }
  }

  #execute(statement: Statement): StatementResult {
    refuseControl(statement.sql)
    const prepared = this.#statements.prepare(statement.sql)
    if (!prepared.reader) {
      const { changes, lastInsertRowid } = prepared.run(...bound(statement))
      return { changes, lastInsertRowid: Number(lastInsertRowid), rows: [] }
    }
    const rows = prepared.all(...bound(statement))
    const [last = 0]: number[] = this.#statements.prepare('SELECT last_insert_rowid()').pluck().all()
    return { changes: rows.length, lastInsertRowid: last, rows }
  }

  #setSynchronous(units: readonly Unit[]): void {
    const wanted = units.some((unit) => unit.durability === 'durable') ? 'FULL' : 'NORMAL'
    if (wanted === this.#synchronous) return
    // Explicitly and outside a transaction: SQLite otherwise falls back to NORMAL in WAL mode.
    this.#database.pragma(`synchronous = ${wanted}`)
    this.#synchronous = wanted
  }

  #noted(error: unknown): SqliteFailure {
    const failure = failureOf(error)
    if (failureKind(failure) === 'damaged') this.#damaged = true
    return failure
  }

  #run(sql: string): void {
    this.#statements.prepare(sql).run()
  }
}

/** A unit that ended the transaction itself would commit or lose the work of its neighbours. */
function refuseControl(sql: string): void {
  if (/^\s*(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)\b/i.test(sql)) {
    throw new Error(`the statement "${sql.trim().slice(0, 40)}" does not belong in a write`)
  }
}
