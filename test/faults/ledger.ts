import { z } from 'zod'
import type { EventLog } from '#core/events/index.ts'
import type { Database, DatabaseName, RecordClass, Schema } from '#core/store/index.ts'

/** Units of several rows that know how many they should be. */
export const ledgerSchema: Schema = {
  owner: 'ledger',
  migrations: [
    {
      version: 1,
      what: 'units of rows',
      sql: `CREATE TABLE ledger (
              seq INTEGER PRIMARY KEY AUTOINCREMENT,
              caller TEXT NOT NULL, n INTEGER NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL, text TEXT NOT NULL
            ) STRICT`,
    },
  ],
}

/** The same after an upgrade that rewrites every row. */
export const laterLedgerSchema: Schema = {
  owner: 'ledger',
  migrations: [
    ...ledgerSchema.migrations,
    {
      version: 2,
      what: 'units with a length',
      sql: `ALTER TABLE ledger ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
            UPDATE ledger SET length = length(text);
            CREATE INDEX ledger_caller ON ledger (caller, n);`,
    },
  ],
}

/** What a writer was told to be recorded. `durable`: it must survive a power cut, not only a crash. */
export const acknowledgementSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('unit'),
    database: z.enum(['control', 'messages']),
    caller: z.string(),
    n: z.number(),
    parts: z.number(),
    /** Sequence of the last row. */
    seq: z.number(),
    durable: z.boolean(),
  }),
  z.object({ type: z.literal('event'), id: z.string(), seq: z.number(), durable: z.boolean() }),
])
export type Acknowledgement = z.infer<typeof acknowledgementSchema>

/** What a driver notes of its life, a line each. */
export const noteSchema = z.discriminatedUnion('note', [
  z.object({ note: z.literal('acknowledged'), what: acknowledgementSchema }),
  /** Something was refused; `sentence` says whether it was told as a ConsoleError. */
  z.object({ note: z.literal('refused'), sentence: z.boolean(), error: z.string() }),
  /** An exception or rejection that nobody took. */
  z.object({ note: z.literal('uncaught'), error: z.string() }),
])
export type Note = z.infer<typeof noteSchema>

/** The class of the records that must survive a power cut, in each database. */
export const durableClass = { control: 'job', messages: 'outbox' } as const satisfies Record<DatabaseName, RecordClass>

export type TakeNote = (note: Note) => void

export interface LedgerUnit {
  readonly caller: string
  readonly n: number
  readonly parts: number
  readonly recordClass: RecordClass
  /** Characters of each row. */
  readonly size?: number
}

/** Writes a unit and notes what it was told. Resolves with whether it was acknowledged. */
export async function writeUnit(database: Database, unit: LedgerUnit, take: TakeNote): Promise<boolean> {
  const { caller, n, parts, recordClass, size = 40 } = unit
  const sql = 'INSERT INTO ledger (caller, n, part, parts, text) VALUES (?, ?, ?, ?, ?)'
  const statements = Array.from({ length: parts }, (_, part) => ({
    sql,
    values: [caller, n, part, parts, textOf(caller, n, part, size)],
  }))
  return noted(take, async () => {
    const results = await database.write(statements, recordClass)
    const durable = recordClass === durableClass[database.name]
    const seq = results.at(-1)?.lastInsertRowid ?? 0
    take({ note: 'acknowledged', what: { type: 'unit', database: database.name, caller, n, parts, seq, durable } })
  })
}

/** Records an event and notes what it was told. */
export function writeEvent(log: EventLog, message: string, take: TakeNote): Promise<boolean> {
  return noted(take, async () => {
    const { id, seq } = await log.record({
      kind: 'ledger.written',
      subject: 'ledger',
      severity: 'warning',
      message,
      cause: { type: 'observation', what: 'a test' },
    })
    take({ note: 'acknowledged', what: { type: 'event', id, seq, durable: true } })
  })
}

/** Resolves with whether the action was done; a refusal is noted. */
export async function noted(take: TakeNote, action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    const sentence = error instanceof Error && error.name === 'ConsoleError'
    take({ note: 'refused', sentence, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return false
  }
}

/** Every row can be told from every other, so that a page in the wrong place is seen. */
export function textOf(caller: string, n: number, part: number, size: number): string {
  return `${caller}.${n}.${part} `.padEnd(size, String.fromCharCode(97 + (n % 26)))
}
