import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freeBytes } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { DatabaseAccess, SiteDatabaseSource } from './access.ts'
import { type DatabaseFacts, readFacts } from './database-facts.ts'
import type { Dumped } from './dump-record.ts'
import { findPrograms } from './programs.ts'
import { type ProgramPorts, runPostgresProgram } from './run-program.ts'
import { ServerSession } from './server-session.ts'

export interface DumpPorts extends ProgramPorts {
  /** Where PostgreSQL's programs are looked for; where systems put them unless told. */
  readonly programs?: readonly string[] | undefined
  readonly signal: AbortSignal
  /** Bytes written so far, of about so many. */
  readonly onProgress: (done: number, total: number) => void
}

/** A dump takes as long as it takes, but not for ever. Milliseconds. */
const withinMs = 6 * 3_600_000
const lookEveryMs = 500
const spareBytes = 64 * 1024 * 1024

/**
 * Dumps one database into `folder`, which is made: all of it as it is at one moment, while it is in use. The files are not compressed, so that
 * what is the same in the next dump is stored once. Rejects with a sentence; the folder is removed then.
 */
export async function dumpDatabase(
  source: SiteDatabaseSource & { readonly access: DatabaseAccess },
  folder: string,
  ports: DumpPorts,
): Promise<Dumped> {
  const { access, service, title, where } = source
  const { clock, signal } = ports
  try {
    await using session = await ServerSession.open(access, ports, { signal })
    // The state that pg_dump takes over lives as long as this transaction.
    await session.run('SET idle_in_transaction_session_timeout = 0')
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const at = clock.wall()
    const [exported = {}] = await session.rows('SELECT pg_export_snapshot() AS id')
    const { tables, size, ...facts } = await readFacts(session)
    const programs = await findPrograms(
      { major: Math.floor(facts.serverNumber / 10_000), where },
      clock,
      ports.programs,
    )
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
    await assertRoom(dirname(folder), size, title)
    const watching = watchFolder(folder, size, ports)
    try {
      const args = [
        '--format=directory',
        '--compress=0',
        '--no-sync',
        '--no-password',
        '--lock-wait-timeout=60000',
        `--snapshot=${String(exported.id)}`,
        `--file=${folder}`,
      ]
      const what = `The dump of ${title}`
      await runPostgresProgram(
        { file: programs.dump, args, access, database: access.name, what, timeoutMs: withinMs, signal },
        ports,
      )
      const list = `${folder}.list`
      const listing = ['--list', '--format=directory', `--file=${list}`, folder]
      await runPostgresProgram(
        { file: programs.restore, args: listing, access, database: access.name, what, timeoutMs: withinMs, signal },
        ports,
      )
      const files = tableFiles(await readFile(list, 'utf8'), tables)
      await rm(list)
      const there = new Set(await readdir(folder))
      return {
        record: {
          format: 1,
          engine: 'postgres',
          service,
          title,
          database: access.name,
          where,
          dumpedWith: programs.version,
          at,
          ...facts,
        },
        tables: files.filter(({ file }) => there.has(file)),
      }
    } finally {
      watching[Symbol.dispose]()
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => {}) // Staging is swept as a whole.
    throw error
  }
}

/**
 * Which file holds the rows of which table. A line of `pg_restore --list` begins with three numbers: the file, and the table by its place in
 * the catalogue; what follows are names, which may hold anything. Pure.
 */
export function tableFiles(listing: string, tables: DatabaseFacts['tables']): Dumped['tables'] {
  return listing.split('\n').flatMap((line) => {
    const [, file, oid] = /^(\d+); \d+ (\d+) TABLE DATA /.exec(line) ?? []
    const table = oid === undefined ? undefined : tables.get(oid)
    return table && file !== undefined ? [{ ...table, file: `${file}.dat` }] : []
  })
}

/** The files of a dump are about as large as the database without its indexes. */
async function assertRoom(folder: string, size: number, title: string): Promise<void> {
  const free = await freeBytes(folder)
  if (free === null || free >= size + spareBytes) return
  throw new ConsoleError(
    'disk-full',
    `The dump of ${title} needs up to ${Math.ceil(size / 1e6)} MB on the disk of the site, and ${Math.floor(free / 1e6)} MB are free.`,
    'Free space on that disk, then back up again.',
    { params: { needed: size, free }, retryable: true },
  )
}

function watchFolder(folder: string, size: number, { clock, onProgress }: DumpPorts): Disposable {
  let ended = false
  let timer: Disposable
  const look = async () => {
    const bytes = await bytesIn(folder)
    if (ended) return
    onProgress(Math.min(bytes, size), size)
    timer = clock.after(lookEveryMs, () => void look())
  }
  timer = clock.after(lookEveryMs, () => void look())
  return {
    [Symbol.dispose]() {
      ended = true
      timer[Symbol.dispose]()
    },
  }
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0, // It went meanwhile.
    )
  }
  return bytes
}
