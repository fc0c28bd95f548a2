import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { SalvageResult, ToolRequest } from './database-answer.ts'
import { newestIn } from './database-copy.ts'
import { makePrivateFile } from './private-file.ts'
import { ruleOf } from './record-classes.ts'
import { appliedVersions, migrate } from './schema-versions.ts'
import { copyRows } from './table-rows.ts'
import type { Schema } from './types.ts'

// Only for the database-copy program: what is here may run long, and touches database files with fs.

type SalvageRequest = Omit<Extract<ToolRequest, { type: 'salvage' }>, 'type'>

/**
 * Makes a new database of the rows that can still be read of a damaged one. The damaged file is left as it is: everything
 * works on a copy of it and its log. The new database gets the console's own tables, so that whatever comes out fits them;
 * rows that do not are left behind. Throws with code `nothing-salvaged` when there is not one row.
 */
export async function salvageFile({ from, to, scratch, schemas, newest }: SalvageRequest): Promise<SalvageResult> {
  if (!existsSync(from) || !statSync(from).isFile()) throw coded('nothing-salvaged', `There is no file ${from}.`)
  // Whatever lies there, a link for example, is not written into.
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true, mode: 0o700 })
  const damaged = join(scratch, 'damaged.db')
  copyFileSync(from, damaged)
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${damaged}-wal`)
  const attempts: (() => Promise<SalvageResult | null>)[] = [
    async () => {
      const recovered = join(scratch, 'recovered.db')
      return (await recover(damaged, recovered)) ? built(recovered, to, schemas, newest, 'sqlite3') : null
    },
    async () => built(damaged, to, schemas, newest, 'reading'),
    // Only of the console's own is the header known.
    async () => (schemas !== null && withUsualHeader(damaged) ? built(damaged, to, schemas, newest, 'reading') : null),
  ]
  for (const attempt of attempts) {
    const result = await attempt()
    if (result && result.rows > 0) return result
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${to}${ending}`, { force: true })
  }
  throw coded('nothing-salvaged', `Not one row of ${from} could be read.`)
}

/** Lets the `sqlite3` command write what it can recover into a new database. False where it is missing or unable. */
async function recover(damaged: string, recovered: string): Promise<boolean> {
  try {
    const reading = spawn('sqlite3', ['-batch', damaged, '.recover'], { stdio: ['ignore', 'pipe', 'ignore'] })
    // Safe, because what is executed here was read from a file that anybody may have made.
    const writing = spawn('sqlite3', ['-safe', '-batch', recovered], { stdio: ['pipe', 'ignore', 'ignore'] })
    const ended = Promise.all([once(reading, 'close'), once(writing, 'close')])
    writing.stdin.on('error', () => {})
    // Through this process: were it killed, both commands would end by themselves at their broken pipes.
    reading.stdout.pipe(writing.stdin)
    await ended
    return reading.exitCode === 0 && existsSync(recovered) && statSync(recovered).size > 0
  } catch {
    return false
  }
}

async function built(
  source: string,
  to: string,
  schemas: readonly Schema[] | null,
  newest: readonly string[],
  means: SalvageResult['means'],
): Promise<SalvageResult | null> {
  let damaged: Database.Database | undefined
  let fresh: Database.Database | undefined
  try {
    damaged = new Database(source, { fileMustExist: true })
    damaged.pragma('cell_size_check = ON')
    await makePrivateFile(to)
    fresh = new Database(to)
    fresh.pragma('foreign_keys = OFF')
    if (schemas === null) makeLike(damaged, fresh, 'table')
    else {
      fresh.pragma('auto_vacuum = INCREMENTAL')
      fresh.pragma('journal_mode = WAL')
      migrate(fresh, stepsOf(damaged, schemas), Date.now())
    }
    const tables = copyRows(damaged, fresh, (table) => isLeftOut(table, schemas !== null))
    // After the rows: a trigger must not run for what is only put back.
    if (schemas === null) for (const type of ['index', 'view', 'trigger'] as const) makeLike(damaged, fresh, type)
    const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
    return { tables, rows, means, newest: newestIn(fresh, newest) }
  } catch (error) {
    if (error instanceof Database.SqliteError && !/^SQLITE_(FULL|IOERR)/.test(error.code)) return null
    throw error
  } finally {
    damaged?.close()
    fresh?.close()
  }
}

/** Of the console's own its versions, and what is derived from other tables and is made anew from what came out. */
function isLeftOut(table: string, isOwn: boolean): boolean {
  if (table.startsWith('sqlite_')) return true
  return isOwn && (table.startsWith('store_') || derived.has(table))
}

const derived: ReadonlySet<string> = new Set(ruleOf('housekeeping').tables)

/** Makes what a database that is not the console's still names in its schema. What cannot be made is left out. */
function makeLike(
  damaged: Database.Database,
  fresh: Database.Database,
  type: 'table' | 'index' | 'view' | 'trigger',
): void {
  const wanted =
    "SELECT sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
  for (const text of damaged.prepare<[string], string>(wanted).pluck().all(type)) {
    try {
      fresh.exec(text)
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
  }
}

/** The steps that the damaged database had, as far as it can still say; else all. The rest is done when it is opened. */
function stepsOf(damaged: Database.Database, schemas: readonly Schema[]) {
  let applied: Readonly<Record<string, number>> = {}
  try {
    applied = appliedVersions('control', damaged)
  } catch {
    // It cannot say: the newest tables take what fits them.
  }
  return schemas.flatMap(({ owner, migrations }) =>
    migrations
      .filter(({ version }) => version <= (applied[owner] ?? migrations.length))
      .map((migration) => ({ ...migration, owner })),
  )
}

/**
 * Writes the header that every database of the console has over the one of the copy, for when only the first bytes are damaged.
 * Layout: https://sqlite.org/fileformat2.html#the_database_header. False when the file is too short to be one.
 */
function withUsualHeader(path: string): boolean {
  const { size } = statSync(path)
  const pageSize = 4096
  if (size < pageSize) return false
  const file = openSync(path, 'r+')
  try {
    const header = Buffer.alloc(100)
    readSync(file, header, 0, 100, 0)
    header.write('SQLite format 3\0', 0, 'latin1')
    header.writeUInt16BE(pageSize, 16)
    header.set([2, 2, 0, 64, 32, 32], 18)
    header.writeUInt32BE(Math.floor(size / pageSize), 28)
    header.fill(0, 32, 40) // no free pages: they are only read past
    header.writeUInt32BE(4, 44)
    header.writeUInt32BE(1, 56)
    header.fill(0, 72, 92)
    header.copy(header, 92, 24, 28)
    writeSync(file, header, 0, 100, 0)
    return true
  } finally {
    closeSync(file)
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
