import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Clock, runCommand } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'

/** PostgreSQL's own programs for dumps, of one installation. */
export interface PostgresPrograms {
  readonly folder: string
  readonly dump: string
  readonly restore: string
  /** "15.14". */
  readonly version: string
  readonly major: number
}

const ending = process.platform === 'win32' ? '.exe' : ''

/** Folders in which systems put them: those of each version first, then PATH, where Debian has a script that chooses a version by itself. */
export function programFolders(): readonly string[] {
  const below = (root: string, inner: string) => {
    try {
      return readdirSync(root).map((name) => join(root, name, inner))
    } catch {
      return []
    }
  }
  return [
    ...below('/usr/lib/postgresql', 'bin'),
    ...below('/usr', 'bin').filter((folder) => folder.includes('pgsql-')),
    ...below('C:\\Program Files\\PostgreSQL', 'bin'),
    '/opt/homebrew/opt/libpq/bin',
    ...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ]
}

/**
 * The newest pg_dump and pg_restore of this machine. Rejects with `pg-dump-missing` where there are none, and with `pg-dump-old` where they are
 * older than the server: such a pg_dump refuses to work.
 */
export async function findPrograms(
  server: { readonly major: number; readonly where: string },
  clock: Clock,
  folders: readonly string[] = programFolders(),
): Promise<PostgresPrograms> {
  const found: PostgresPrograms[] = []
  for (const folder of new Set(folders)) {
    const dump = join(folder, `pg_dump${ending}`)
    const restore = join(folder, `pg_restore${ending}`)
    if (!isProgram(dump) || !isProgram(restore)) continue
    const { code, output } = await runCommand(
      { file: dump, args: ['--version'], cwd: folder, env: { PATH: folder, LC_ALL: 'C' }, timeoutMs: 10_000 },
      clock,
    )
    const version = /PostgreSQL\)?\s+(\d+[\w.]*)/.exec(output)?.[1]
    if (code !== 0 || version === undefined) continue
    found.push({ folder, dump, restore, version, major: Number.parseInt(version, 10) })
  }
  const newest = found.reduce<PostgresPrograms | null>(
    (best, one) => (best && best.major >= one.major ? best : one),
    null,
  )
  if (!newest) {
    throw new ConsoleError(
      'pg-dump-missing',
      'The programs pg_dump and pg_restore are not on this machine, and without them no database of PostgreSQL is dumped or restored.',
      `Install the client programs of PostgreSQL ${server.major} or later (Debian: apt-get install postgresql-client), then try again.`,
    )
  }
  if (newest.major >= server.major) return newest
  throw new ConsoleError(
    'pg-dump-old',
    `The newest pg_dump of this machine is of PostgreSQL ${newest.version}, and the server ${server.where} is of ${server.major}: it cannot be dumped or restored with an older one.`,
    `Install the client programs of PostgreSQL ${server.major} or later, then try again.`,
    { params: { have: newest.version, server: server.major } },
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
