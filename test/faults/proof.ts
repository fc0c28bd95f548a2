import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Runtime, silentLogger, systemClock } from '#core/platform/index.ts'
import { type DatabaseName, type OpenedAs, openStore, type Schema, type Store } from '#core/store/index.ts'
import { type Acknowledgement, durableClass, textOf, writeUnit } from './ledger.ts'

const databases = ['control', 'messages'] as const

/** What a scenario itself spoils, so that the store must find it, mend it and say so. */
export type Spoiled = 'nothing' | 'control database' | 'control log'

export interface ProofOptions {
  /** The `.wheelhouse` folder that the fault left. */
  readonly directory: string
  readonly runtime: Runtime
  readonly ledger: Schema
  /** What must be there. */
  readonly acknowledged: readonly Acknowledgement[]
  readonly spoiled: Spoiled
  /** The power was cut: the machine was started anew, and of the end of a log any part may be on the disk. */
  readonly powerCut?: boolean
}

/**
 * Opens a store as a console would after the fault, and says what is wrong with it, in sentences; none when all is well: it opens,
 * each database is whole, everything acknowledged is there as it was written, no unit is half there, what was damaged is told of and
 * nothing else, and it takes new writes with sequences above all that were given. What was acknowledged while a stand-in took
 * a database's place may lie in that instead, if it is kept and a report names where.
 */
export async function prove(options: ProofOptions): Promise<readonly string[]> {
  try {
    await using store = await openStore({
      directory: options.directory,
      schemas: { control: [eventsSchema, options.ledger], messages: [options.ledger] },
      runtime: options.runtime,
      clock: systemClock(),
      logger: silentLogger,
      ...(options.powerCut && { machine: { boot: () => ({ id: 'started anew', uptimeMs: performance.now() }) } }),
    })
    return [
      ...toldOf(store, options),
      ...damaged(store),
      ...lost(store, options.acknowledged, { control: 0, messages: 0 }),
      ...(await missingEvents(store, options.acknowledged)),
      ...(await goesOn(store, options.acknowledged)),
    ]
  } catch (error) {
    return [`It does not open: ${error instanceof Error ? error.stack : String(error)}`]
  }
}

/** Damage is told of where there was some, and nowhere else. */
function toldOf(store: Store, { spoiled, powerCut = false }: ProofOptions): string[] {
  const reports = (database: DatabaseName, kind: string) =>
    store.upkeep.untold().filter((report) => report.database === database && report.kind === kind)
  return databases.flatMap((name) => {
    const problems = wronglyOpened(name, store.opened[name], name === 'control' ? spoiled : 'nothing', powerCut)
    const recoveries = reports(name, 'recovered').length
    const expected = spoiled === 'control database' && name === 'control' ? 1 : 0
    if (recoveries !== expected) problems.push(`${name}: ${recoveries} recoveries told of, not ${expected}`)
    const logs = reports(name, 'log-damaged')
    const hasDamagedLog = spoiled === 'control log' && name === 'control'
    // In the end of a log that a power cut left there may be what was never confirmed; then nothing is said to be certain.
    const told = logs.filter(({ data }) => data.certain === true || (powerCut && hasDamagedLog)).length
    if (told > 0 !== hasDamagedLog) problems.push(`${name}: a damaged log is told of ${told} times`)
    const missed = reports(name, 'log-lost').length
    if (missed > 0 && !hasDamagedLog) problems.push(`${name}: a log that nobody took away is missed`)
    return problems
  })
}

function wronglyOpened(name: DatabaseName, opened: OpenedAs, spoiled: Spoiled, powerCut: boolean): string[] {
  switch (opened.how) {
    case 'new':
    case 'clean':
      return []
    case 'after an unclean exit':
      return opened.log && opened.log.commitsAfter > 0 && spoiled !== 'control log' && !powerCut
        ? [`${name}: its log was found damaged: ${JSON.stringify(opened.log)}`]
        : []
    case 'replaced':
      return spoiled === 'control database' ? [] : [`${name}: found damaged: ${opened.reason}`]
    case 'stand-in':
      return [`${name}: a stand-in on a disk that works: ${opened.reason}`]
  }
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

interface LedgerRow {
  readonly seq: number
  readonly part: number
  readonly text: string
}

function missing(store: Store, name: DatabaseName, told: readonly Acknowledgement[], after: number): string[] {
  const sql = 'SELECT seq, part, text FROM ledger WHERE seq > ?'
  const rows = [...store[name].all<LedgerRow>({ sql, values: [after] })]
  for (const path of keptStandIns(store, name)) rows.push(...rowsOf(path, after))
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

/** The stand-ins that reports name: what was recorded in them is in no database, but is not lost. */
function keptStandIns(store: Store, name: DatabaseName): readonly string[] {
  return store.upkeep.untold().flatMap(({ database, kind, data }) => {
    const places = kind === 'recovered' ? data.standIns : kind === 'stand-in-ended' ? data.places : null
    if (database !== name || !Array.isArray(places)) return []
    return places.flatMap((place) => {
      if (typeof place !== 'string' || !existsSync(place)) return []
      if (place.endsWith('.db')) return [place]
      const files = readdirSync(place).filter((file) => file.startsWith(`${name}.stand-in`) && file.endsWith('.db'))
      return files.map((file) => join(place, file))
    })
  })
}

/** Nobody has a stand-in open that was set aside. */
function rowsOf(path: string, after: number): readonly LedgerRow[] {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true })
  try {
    const sql = 'SELECT seq, part, text FROM ledger WHERE seq > ?'
    return database.prepare<[number], LedgerRow>(sql).all(after)
  } finally {
    database.close()
  }
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
