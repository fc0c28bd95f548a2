import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Runtime, silentLogger, systemClock } from '#core/platform/index.ts'
import { type DatabaseName, type OpenedAs, openStore, type Schema, type Store } from '#core/store/index.ts'
import { type Acknowledgement, durableClass, textOf, writeUnit } from './ledger.ts'

const databases = ['control', 'messages'] as const

export interface ProofOptions {
  /** The `.wheelhouse` folder that the fault left. */
  readonly directory: string
  readonly runtime: Runtime
  readonly ledger: Schema
  /** What must be there. */
  readonly acknowledged: readonly Acknowledgement[]
  /** Whether a database may have been found damaged and replaced; only where the scenario itself damaged one. */
  readonly mayBeReplaced: boolean
}

/**
 * Opens a store as a console would after the fault, and says what is wrong with it, in sentences; none when all is well: it opens,
 * each database is whole, everything acknowledged is there as it was written, no unit is half there, and it takes new writes
 * with sequences above all that were given.
 */
export async function prove(options: ProofOptions): Promise<readonly string[]> {
  try {
    await using store = await openStore({
      directory: options.directory,
      schemas: { control: [eventsSchema, options.ledger], messages: [options.ledger] },
      runtime: options.runtime,
      clock: systemClock(),
      logger: silentLogger,
    })
    return [
      ...replaced(store.opened, options),
      ...damaged(store),
      ...lost(store, options.acknowledged, { control: 0, messages: 0 }),
      ...(await missingEvents(store, options.acknowledged)),
      ...(await goesOn(store, options.acknowledged)),
    ]
  } catch (error) {
    return [`It does not open: ${error instanceof Error ? error.stack : String(error)}`]
  }
}

function replaced(opened: Readonly<Record<DatabaseName, OpenedAs>>, { mayBeReplaced }: ProofOptions): string[] {
  if (mayBeReplaced) return []
  return Object.values(opened).flatMap((how) =>
    how.how === 'replaced' || how.how === 'stand-in' ? [`Found damaged: ${how.reason}`] : [],
  )
}

function damaged(store: Store): string[] {
  return databases.flatMap((name) => {
    const answers = store[name].all<{ integrity_check: string }>({ sql: 'PRAGMA integrity_check' })
    return answers.flatMap(({ integrity_check: answer }) => (answer === 'ok' ? [] : [`${name}: ${answer}`]))
  })
}

/** What of the units after some sequences is half there, and what was acknowledged and is not there, or not as it was written. */
export function lost(
  store: Store,
  acknowledged: readonly Acknowledgement[],
  after: Readonly<Record<DatabaseName, number>>,
): string[] {
  return databases.flatMap((name) => [
    ...half(store, name, after[name]),
    ...missing(store, name, acknowledged, after[name]),
  ])
}

function half(store: Store, name: DatabaseName, after: number): string[] {
  const sql = `SELECT caller, n, parts, count(*) AS rows FROM ledger WHERE seq > ?
    GROUP BY caller, n HAVING count(*) <> parts OR count(DISTINCT part) <> parts`
  return store[name]
    .all<{ caller: string; n: number; parts: number; rows: number }>({ sql, values: [after] })
    .map(({ caller, n, parts, rows }) => `${name}: unit ${caller} ${n} has ${rows} rows of ${parts}`)
}

function missing(store: Store, name: DatabaseName, told: readonly Acknowledgement[], after: number): string[] {
  const sql = 'SELECT seq, part, text FROM ledger WHERE seq > ?'
  const rows = store[name].all<{ part: number; seq: number; text: string }>({ sql, values: [after] })
  const bySeq = new Map(rows.map((row) => [row.seq, row]))
  return told.flatMap((unit) => {
    if (unit.type !== 'unit' || unit.database !== name) return []
    const wrong = Array.from({ length: unit.parts }, (_, part) => part).some((part) => {
      const row = bySeq.get(unit.seq - unit.parts + 1 + part)
      return !row || row.text !== textOf(unit.caller, unit.n, part, row.text.length) || row.part !== part
    })
    return wrong ? [`${name}: acknowledged and not there: ${JSON.stringify(unit)}`] : []
  })
}

async function missingEvents(store: Store, acknowledged: readonly Acknowledgement[]): Promise<string[]> {
  await using log = openEventLog({ database: store.control, clock: systemClock(), logger: silentLogger })
  return acknowledged.flatMap((told) => {
    if (told.type !== 'event' || log.byId(told.id)?.seq === told.seq) return []
    return [`event acknowledged and not there: ${JSON.stringify(told)}`]
  })
}

/** Whatever the fault left, the console can record again, and gives no sequence twice. */
async function goesOn(store: Store, acknowledged: readonly Acknowledgement[]): Promise<string[]> {
  const problems: string[] = []
  for (const name of databases) {
    const highest = Math.max(
      0,
      ...acknowledged.map((told) => (told.type === 'unit' && told.database === name ? told.seq : 0)),
    )
    const n = Date.now() * 1_000 + Math.floor(performance.now() % 1_000)
    await writeUnit(store[name], { caller: 'afterwards', n, parts: 2, recordClass: durableClass[name] }, (note) => {
      if (note.note !== 'acknowledged') problems.push(`${name} takes nothing afterwards: ${note.error}`)
      else if (note.what.seq - 1 <= highest) problems.push(`${name}: sequence ${note.what.seq} after ${highest}`)
    })
  }
  return problems
}
