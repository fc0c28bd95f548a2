import type { UnitOutcome } from './group-writer.ts'
import { type RecordClass, recordClassNames } from './record-classes.ts'
import type { SqliteFailure } from './sqlite-failure.ts'
import type { SqlValue, Statement, StatementResult } from './types.ts'

// Copying a flat list between threads costs a fraction of copying the same as nested objects, and a statement's text is the same
// a million times: so writes are packed, and each text is sent once.

/** One unit on its way to the writer thread. */
export interface HandedWrite {
  readonly id: number
  readonly recordClass: RecordClass
  readonly statements: readonly Statement[]
}

export interface PackedWrites {
  /** Texts that were not sent before; their numbers go on from those that were, or begin anew when `forget` is set. */
  readonly texts: readonly StatementText[]
  readonly forget: boolean
  /**
   * For each write: id, number of its class, how many statements; for each statement then: number of its text, and how many
   * values ({@link byName}: the next of `named`, {@link none}: not even an empty list).
   */
  readonly layout: readonly number[]
  readonly values: readonly SqlValue[]
  readonly named: readonly NamedValues[]
}

export interface StatementText {
  readonly sql: string
  readonly name?: string
}

type NamedValues = Readonly<Record<string, SqlValue>>

const byName = -1
const none = -2
const mostTexts = 1_000

/** The sending side. Belongs to one unpacker, which must get everything that is packed, in order. */
export class WritePacker {
  readonly #numbers = new Map<string, number>()

  pack(writes: readonly HandedWrite[]): PackedWrites {
    const texts: StatementText[] = []
    const layout: number[] = []
    const values: SqlValue[] = []
    const named: NamedValues[] = []
    const forget = this.#numbers.size > mostTexts
    if (forget) this.#numbers.clear()
    for (const { id, recordClass, statements } of writes) {
      layout.push(id, recordClassNames.indexOf(recordClass), statements.length)
      for (const statement of statements) {
        layout.push(this.#numberOf(statement, texts), pushValues(statement.values, values, named))
      }
    }
    return { texts, forget, layout, values, named }
  }

  #numberOf({ sql, name }: Statement, texts: StatementText[]): number {
    const known = this.#numbers.get(sql)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(sql, number)
    texts.push(name === undefined ? { sql } : { sql, name })
    return number
  }
}

function pushValues(given: Statement['values'], values: SqlValue[], named: NamedValues[]): number {
  if (given === undefined) return none
  if (isList(given)) {
    for (const value of given) values.push(value)
    return given.length
  }
  named.push(given)
  return byName
}

/** The receiving side. */
export class WriteUnpacker {
  #texts: StatementText[] = []

  unpack({ texts, forget, layout, values, named }: PackedWrites): readonly HandedWrite[] {
    if (forget) this.#texts = []
    for (const text of texts) this.#texts.push(text)
    const writes: HandedWrite[] = []
    let at = 0
    let valueAt = 0
    let namedAt = 0
    while (at < layout.length) {
      const id = numberAt(layout, at++)
      const recordClass = recordClassNames[numberAt(layout, at++)]
      const count = numberAt(layout, at++)
      const statements: Statement[] = []
      for (let index = 0; index < count; index++) {
        const text = this.#texts[numberAt(layout, at++)]
        const kind = numberAt(layout, at++)
        if (!text) throw new Error('a statement came without its text')
        if (kind === none) statements.push(text)
        else if (kind === byName) statements.push({ ...text, values: named[namedAt++] ?? {} })
        else {
          statements.push({ ...text, values: values.slice(valueAt, valueAt + kind) })
          valueAt += kind
        }
      }
      if (recordClass === undefined) throw new Error('a write came without its class')
      writes.push({ id, recordClass, statements })
    }
    return writes
  }
}

export interface PackedOutcomes {
  /**
   * For each unit: its id, and how many statements follow; for each then: changes, last rowid, and 0 or one more than the place
   * of its rows. A unit that failed has {@link failedUnit} for the number, and the place of its failure.
   */
  readonly layout: readonly number[]
  readonly rows: readonly StatementResult['rows'][]
  readonly failures: readonly SqliteFailure[]
}

export interface UnitAnswer {
  readonly id: number
  readonly outcome: UnitOutcome
}

const failedUnit = -1

export function packOutcomes(answers: readonly UnitAnswer[]): PackedOutcomes {
  const layout: number[] = []
  const rows: StatementResult['rows'][] = []
  const failures: SqliteFailure[] = []
  for (const { id, outcome } of answers) {
    if ('failed' in outcome) {
      layout.push(id, failedUnit, failures.push(outcome.failed) - 1)
      continue
    }
    layout.push(id, outcome.results.length)
    for (const result of outcome.results) {
      const place = result.rows.length > 0 ? rows.push(result.rows) : 0
      layout.push(result.changes, result.lastInsertRowid, place)
    }
  }
  return { layout, rows, failures }
}

/** Tells `each` what became of every unit, in order. */
export function unpackOutcomes(packed: PackedOutcomes, each: (id: number, outcome: UnitOutcome) => void): void {
  const { layout, rows, failures } = packed
  let at = 0
  while (at < layout.length) {
    const id = numberAt(layout, at++)
    const count = numberAt(layout, at++)
    if (count === failedUnit) {
      each(id, { failed: failures[numberAt(layout, at++)] ?? { code: 'unknown', message: 'no reason was given' } })
      continue
    }
    const results: StatementResult[] = []
    for (let index = 0; index < count; index++) {
      const changes = numberAt(layout, at++)
      const lastInsertRowid = numberAt(layout, at++)
      results.push({ changes, lastInsertRowid, rows: rows[numberAt(layout, at++) - 1] ?? [] })
    }
    each(id, { results })
  }
}

function numberAt(layout: readonly number[], at: number): number {
  const number = layout[at]
  if (number === undefined) throw new Error('a packed list ended too early')
  return number
}

function isList(values: NonNullable<Statement['values']>): values is readonly SqlValue[] {
  return Array.isArray(values)
}
