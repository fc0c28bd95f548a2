import type Database from 'better-sqlite3'
import { type CrashPoints, noCrashPoints } from '#core/platform/index.ts'
import type { Durability } from './record-classes.ts'
import { slowMs } from './slow-statements.ts'
import { failureKind, failureOf, type SqliteFailure } from './sqlite-failure.ts'
import { bound, type Prepared, StatementCache } from './statement-cache.ts'
import { statementName } from './statement-name.ts'
import type { Statement, StatementResult } from './types.ts'

/** One caller's statements: all of them or none. */
export interface Unit {
  readonly durability: Durability
  readonly statements: readonly Statement[]
}

export type UnitOutcome = { readonly results: readonly StatementResult[] } | { readonly failed: SqliteFailure }

export interface GroupWriterParts {
  readonly crashPoints?: CrashPoints
  /** Told of statements that took long, with their name and milliseconds. */
  readonly onSlow?: (name: string, ms: number) => void
}

const attemptsWhenBusy = 3

/**
 * Commits groups of units on one connection: one transaction and so one fsync for all. Only when something in a group fails is it
 * done again with each unit in a savepoint of its own, so that one that fails takes only itself back; one that meets damage takes
 * all back. Nothing here is asynchronous.
 */
export class GroupWriter {
  readonly #database: Database.Database
  readonly #statements: StatementCache
  readonly #crashPoints: CrashPoints
  readonly #onSlow: (name: string, ms: number) => void
  readonly #begin: Prepared
  readonly #commit: Prepared
  readonly #rollback: Prepared
  #synchronous: 'FULL' | 'NORMAL' | undefined
  #busyRetries = 0

  constructor(database: Database.Database, { crashPoints, onSlow }: GroupWriterParts = {}) {
    this.#database = database
    this.#statements = new StatementCache(database)
    this.#crashPoints = crashPoints ?? noCrashPoints
    this.#onSlow = onSlow ?? (() => {})
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
  }

  /** Transactions that were tried again because somebody else held a lock. */
  get busyRetries(): number {
    return this.#busyRetries
  }

  /** What became of each unit, in order; after the commit, with the durability that the most demanding unit asks for. */
  commit(units: readonly Unit[]): readonly UnitOutcome[] {
    let failed: SqliteFailure
    try {
      this.#setSynchronous(units)
      return this.#retried(() => units.map((unit) => this.#execute(unit)))
    } catch (error) {
      failed = failureOf(error)
    }
    if (units.length === 1 || holdsForAll(failed)) return units.map(() => ({ failed }))
    try {
      return this.#retried(() => units.map((unit) => this.#inSavepoint(unit)))
    } catch (error) {
      const again = failureOf(error)
      if (failureKind(again) === 'damaged') return units.map(() => ({ failed: again }))
      // The transaction as a whole was lost. Alone, each unit shows whether it was the one at fault.
      return this.#eachAlone(units)
    }
  }

  #eachAlone(units: readonly Unit[]): readonly UnitOutcome[] {
    let vain = 0
    let last: SqliteFailure = { code: 'unknown', message: 'no outcome' }
    return units.map((unit): UnitOutcome => {
      // A disk that takes nothing is not asked a thousand times.
      if (vain >= 3) return { failed: last }
      try {
        const [outcome] = this.#retried(() => [this.#execute(unit)])
        vain = 0
        return outcome ?? { failed: last }
      } catch (error) {
        last = failureOf(error)
        vain = failureKind(last) === 'refused' ? 0 : vain + 1
        return { failed: last }
      }
    })
  }

  /** Only a lock held by somebody else is worth another attempt, and only with the whole transaction. */
  #retried(work: () => readonly UnitOutcome[]): readonly UnitOutcome[] {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#inOneTransaction(work)
      } catch (error) {
        if (attempt >= attemptsWhenBusy || failureKind(failureOf(error)) !== 'busy') throw error
        this.#busyRetries++
      }
    }
  }

  #inOneTransaction(work: () => readonly UnitOutcome[]): readonly UnitOutcome[] {
    this.#begin.run()
    try {
      const outcomes = work()
      this.#crashPoints.reach('store.before-commit')
      const began = performance.now()
      this.#commit.run()
      this.#timed('COMMIT', began)
      return outcomes
    } catch (error) {
      if (this.#database.inTransaction) this.#rollback.run()
      throw error
    }
  }

  #inSavepoint(unit: Unit): UnitOutcome {
    this.#run('SAVEPOINT unit')
    try {
      const outcome = this.#execute(unit)
      this.#run('RELEASE unit')
      return outcome
    } catch (error) {
      // Some errors (disk full, out of memory) end the transaction itself, and with it what other units had done.
      if (!this.#database.inTransaction) throw error
      this.#run('ROLLBACK TO unit')
      this.#run('RELEASE unit')
      const failed = failureOf(error)
      if (holdsForAll(failed)) throw error
      return { failed }
    }
  }

  #execute({ statements }: Unit): UnitOutcome {
    const results: StatementResult[] = []
    for (const statement of statements) results.push(this.#result(statement))
    return { results }
  }

  #result(statement: Statement): StatementResult {
    const prepared = this.#statements.prepare(statement.sql, refuseControl)
    const began = performance.now()
    if (!prepared.reader) {
      const { changes, lastInsertRowid } = prepared.run(...bound(statement))
      this.#timed(statement, began)
      return { changes, lastInsertRowid: Number(lastInsertRowid), rows: [] }
    }
    const rows = prepared.all(...bound(statement))
    this.#timed(statement, began)
    const [last = 0]: number[] = this.#statements.prepare('SELECT last_insert_rowid()').pluck().all()
    return { changes: rows.length, lastInsertRowid: last, rows }
  }

  #timed(what: Statement | 'COMMIT', began: number): void {
    const ms = performance.now() - began
    if (ms > slowMs) this.#onSlow(what === 'COMMIT' ? what : statementName(what), ms)
  }

  #setSynchronous(units: readonly Unit[]): void {
    const wanted = units.some((unit) => unit.durability === 'durable') ? 'FULL' : 'NORMAL'
    if (wanted === this.#synchronous) return
    // Explicitly and outside a transaction: SQLite otherwise falls back to NORMAL in WAL mode.
    this.#database.pragma(`synchronous = ${wanted}`)
    this.#synchronous = wanted
  }

  #run(sql: string): void {
    this.#statements.prepare(sql).run()
  }
}

/** A damaged file is about to be replaced: what would be recorded in it now would be told to be kept, and then lost. */
function holdsForAll(failed: SqliteFailure): boolean {
  return ['busy', 'damaged'].includes(failureKind(failed))
}

/** A unit that ended the transaction itself would commit or lose the work of its neighbours. */
function refuseControl(sql: string): void {
  if (/^\s*(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)\b/i.test(sql)) {
    throw new Error(`the statement "${sql.trim().slice(0, 40)}" does not belong in a write`)
  }
}
