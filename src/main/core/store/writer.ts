import type Database from 'better-sqlite3'
import type { CrashPoints } from '#core/platform/index.ts'
import { GroupWriter, type Unit, type UnitOutcome } from './group-writer.ts'
import { markClosed, openForWriting } from './opening.ts'
import { ruleOf } from './record-classes.ts'
import { continueSequences, migrate } from './schema-versions.ts'
import { failureKind, failureOf, type SqliteFailure } from './sqlite-failure.ts'
import type { DatabaseName, DirectWrite } from './types.ts'
import type { DatabaseSetup, WriterSetup } from './writer-protocol.ts'

/** Whoever waits for commits: told once per group, in the order in which units were handed in. */
export interface Waiting {
  outcomes(outcomes: readonly { readonly id: number; readonly outcome: UnitOutcome }[]): void
}

interface Pending {
  readonly unit: Unit
  readonly id: number
  readonly waiting: Waiting
}

/** The precious database first, so that a flood of messages never stands before an operator's action for long. */
const order: readonly DatabaseName[] = ['control', 'messages']
const mostUnitsInGroup = 1_000
const mostStatementsInGroup = 2_000

export type WriterOpening =
  | { readonly writer: Writer; readonly readOnly: readonly { database: DatabaseName; failure: SqliteFailure }[] }
  | { readonly database: DatabaseName; readonly failure: SqliteFailure }

/** Both databases with what waits to be written to them. Lives in the writer thread. */
export class Writer {
  readonly #open: Readonly<Record<DatabaseName, OpenDatabase>>
  readonly #crashPoints: CrashPoints
  #scheduled = false

  private constructor(open: Readonly<Record<DatabaseName, OpenDatabase>>, crashPoints: CrashPoints) {
    this.#open = open
    this.#crashPoints = crashPoints
  }

  /** Opens and migrates both databases, or neither. A full disk is no obstacle to opening what needs no migration. */
  static open(setup: WriterSetup, crashPoints: CrashPoints): WriterOpening {
    const control = openDatabase('control', setup.databases.control, crashPoints)
    if ('code' in control) return { database: 'control', failure: control }
    const messages = openDatabase('messages', setup.databases.messages, crashPoints)
    if ('code' in messages) {
      control.database.close()
      return { database: 'messages', failure: messages }
    }
    const open = { control, messages }
    const readOnly = order.flatMap((database) => {
      const failure = open[database].unmarked
      return failure ? [{ database, failure }] : []
    })
    return { writer: new Writer(open, crashPoints), readOnly }
  }

  /** Takes a unit; it is committed with everything else that waits when this turn of the event loop is over. */
  add({ id, database, recordClass, statements }: DirectWrite, waiting: Waiting): void {
    const { durability } = ruleOf(recordClass)
    this.#open[database].pending.push({ unit: { durability, statements }, id, waiting })
    this.#schedule()
  }

  /** Commits what waits, marks the databases as properly closed and closes them. Tells what went wrong with that. */
  close(): readonly string[] {
    while (order.some((name) => this.#open[name].pending.length > 0)) this.#commitOneGroupEach()
    return order.flatMap((name) => closeDatabase(name, this.#open[name], this.#crashPoints))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#commitOneGroupEach()
      if (order.some((name) => this.#open[name].pending.length > 0)) this.#schedule()
    })
  }

  #commitOneGroupEach(): void {
    for (const name of order) {
      const { pending, group } = this.#open[name]
      if (pending.length === 0) continue
      const taken = pending.splice(0, groupSize(pending))
      const outcomes = group.commit(taken.map(({ unit }) => unit))
      this.#crashPoints.reach('store.after-commit-before-acknowledgement')
      tell(taken, outcomes)
    }
  }
}

interface OpenDatabase {
  readonly database: Database.Database
  readonly group: GroupWriter
  readonly pending: Pending[]
  /** Why the mark "not yet closed" could not be written: the disk takes no writes at present. */
  readonly unmarked: SqliteFailure | null
}

function openDatabase(
  name: DatabaseName,
  setup: DatabaseSetup,
  crashPoints: CrashPoints,
): OpenDatabase | SqliteFailure {
  let database: Database.Database | undefined
  try {
    database = openForWriting(name, setup.path)
    if (setup.pending.length > 0 || setup.isNew) migrate(database, setup.pending, setup.at, crashPoints)
    if (setup.continueFrom !== null) continueSequences(database, setup.continueFrom)
    const unmarked = mark(database)
    const group = new GroupWriter(database, crashPoints)
    return { database, group, pending: [], unmarked }
  } catch (error) {
    database?.close()
    return failureOf(error)
  }
}

function mark(database: Database.Database): SqliteFailure | null {
  try {
    markClosed(database, 'not yet')
    return null
  } catch (error) {
    const failure = failureOf(error)
    if (failureKind(failure) !== 'read-only') throw error
    return failure
  }
}

function closeDatabase(
  name: DatabaseName,
  { database, group }: OpenDatabase,
  crashPoints: CrashPoints,
): readonly string[] {
  try {
    // A damaged file keeps the mark of a crash, so that the next opening checks it.
    if (!group.damaged) markClosed(database, 'cleanly')
    crashPoints.reach('store.while-closing')
    database.pragma('wal_checkpoint(TRUNCATE)')
    return []
  } catch (error) {
    return [`The ${name} database could not be closed properly: ${failureOf(error).message}.`]
  } finally {
    database.close()
  }
}

function groupSize(pending: readonly Pending[]): number {
  let statements = 0
  for (const [index, { unit }] of pending.entries()) {
    statements += unit.statements.length
    if (index > 0 && (index >= mostUnitsInGroup || statements > mostStatementsInGroup)) return index
  }
  return pending.length
}

function tell(taken: readonly Pending[], outcomes: readonly UnitOutcome[]): void {
  const byWaiting = new Map<Waiting, { id: number; outcome: UnitOutcome }[]>()
  for (const [index, { id, waiting }] of taken.entries()) {
    const outcome = outcomes[index] ?? { failed: { code: 'unknown', message: 'no outcome was recorded' } }
    const list = byWaiting.get(waiting)
    if (list) list.push({ id, outcome })
    else byWaiting.set(waiting, [{ id, outcome }])
  }
  for (const [waiting, list] of byWaiting) waiting.outcomes(list)
}
