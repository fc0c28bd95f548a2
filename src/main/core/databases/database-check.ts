import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Clock, Runtime } from '#core/platform/index.ts'
import { type CheckKind, checkDatabase } from '#core/store/index.ts'
import { SqliteConnection } from './sqlite/sqlite-connection.ts'
import type { SessionSource } from './types.ts'

export interface CheckFinding {
  readonly ok: boolean
  readonly note: string
}

/** The first SQLite without the WAL-reset bug, in which a log that is reset while others read may lose commits (PEERS 6). */
const safeWal = [3, 51, 3] as const
/** Reading all of a large database takes long; past this it is given up. Milliseconds. */
const checkMs = 600_000

export interface SqliteCheckOptions {
  readonly service: string
  readonly where: string
  readonly file: string
  readonly kind: CheckKind
  readonly runtime: Runtime
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Reads a whole SQLite database for damage, and in a full check for rows that refer to nothing, in helper processes that can be killed. */
export async function checkSqlite(options: SqliteCheckOptions): Promise<CheckFinding> {
  const { service, where, file, kind, runtime, clock, signal } = options
  if (!existsSync(file)) return { ok: false, note: `${where} is missing.` }
  if ((await stat(file)).size === 0) return { ok: false, note: `${where} is empty: the file holds no page.` }
  const { ok, problems } = await checkDatabase(runtime, file, { kind, timeoutMs: checkMs, signal })
  if (!ok) return { ok: false, note: `${where} is damaged: ${problems.join('; ')}.` }
  if (kind === 'quick') return { ok: true, note: `The structure of ${where} was read: no damage.` }
  const limits = { timeoutMs: checkMs, signal }
  const connection = await SqliteConnection.open({ path: file, place: { service, where }, runtime, clock }, limits)
  try {
    const ask = async (text: string) => (await connection.query(text, [], limits)).rows[0]?.answer
    const strays = Number(await ask('SELECT count(*) AS answer FROM pragma_foreign_key_check'))
    const journal = String(await ask('SELECT journal_mode AS answer FROM pragma_journal_mode'))
    const version = String(await ask('SELECT sqlite_version() AS answer'))
    const notes = [
      `Every page of ${where} was read: no damage.`,
      ...(strays > 0 ? [`${strays} rows refer to rows that do not exist.`] : []),
      ...walNotes(journal, version),
    ]
    return { ok: true, note: notes.join(' ') }
  } finally {
    await connection.close()
  }
}

/** What a journal mode means for those who use the database. */
export function walNotes(journal: string, version: string): readonly string[] {
  if (journal !== 'wal') return [`Its journal mode is ${journal}: whoever reads waits for whoever writes.`]
  const safe = safeWal.join('.')
  if (isOlder(version))
    return [`SQLite ${version} has the WAL-reset bug (mended in ${safe}): do not write to it from here.`]
  return [
    `It is in WAL mode: every program that opens it should have SQLite ${safe} or later (this console has ${version}).`,
  ]
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, least] of safeWal.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part < least
  }
  return false
}

/** Asks a PostgreSQL database whether it works and whether it has noticed damage of its own. */
export async function checkPostgres(
  sessions: SessionSource,
  where: string,
  signal: AbortSignal,
): Promise<CheckFinding> {
  const { rows } = await sessions.read(
    (session) =>
      session.query(`SELECT
        (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid,
        (SELECT coalesce(checksum_failures, 0)::int FROM pg_stat_database WHERE datname = current_database()) AS failures,
        current_setting('data_checksums') AS checksums`),
    { what: 'a check', signal },
  )
  const { invalid, failures, checksums } = rows[0] ?? {}
  if (typeof failures === 'number' && failures > 0) {
    return { ok: false, note: `${where} answers, but ${failures} of its pages failed their checksum.` }
  }
  const notes = [
    `${where} answers.`,
    ...(Number(invalid) > 0 ? [`${String(invalid)} of its indexes are invalid and should be rebuilt.`] : []),
    checksums === 'on'
      ? 'No page failed its checksum.'
      : 'It keeps no checksums, so damage on its disk would not be noticed.',
  ]
  return { ok: true, note: notes.join(' ') }
}
