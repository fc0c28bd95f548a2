import { type Runtime, runCommand } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type DatabaseAccess, shownAccess } from './access.ts'
import { passwordOf, type ServerPorts } from './server-session.ts'

/** What a program is run with. */
export interface ProgramPorts extends ServerPorts {
  /** It ends with the console, even one that is killed; null: what runs this sees to that. */
  readonly runtime: Runtime | null
}

export interface ProgramRun {
  readonly file: string
  readonly args: readonly string[]
  readonly access: DatabaseAccess
  /** The database to connect to. */
  readonly database: string
  /** "The dump of records", for sentences. */
  readonly what: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Runs a program of PostgreSQL against a server. All that it needs to know stands in its environment, the password too: a command line is seen
 * by everybody on the machine, and a name of a database in it could be read as an option or as an address. The console's own `PG…` variables
 * and ~/.pgpass are not used. Rejects with a sentence, or with the signal's reason; then the program and what it started are ended.
 */
export async function runPostgresProgram(run: ProgramRun, ports: ProgramPorts): Promise<void> {
  const { file, args, signal, timeoutMs, access, what } = run
  signal.throwIfAborted()
  const env = environment(run, ports)
  const tied = ports.runtime && { tied: ports.runtime }
  const { code, output, timedOut, error } = await runCommand(
    { file, args, cwd: '/', env, timeoutMs, outputBytes: 16_384, ...tied },
    ports.clock,
    signal,
  )
  signal.throwIfAborted()
  if (code === 0 && !timedOut) return
  if (timedOut) {
    throw new ConsoleError(
      'database-dump-late',
      `${what} took longer than ${Math.round(timeoutMs / 3_600_000)} hours and was ended.`,
      'Look at the load of the server and at who holds locks in the database, then try again.',
      { retryable: true },
    )
  }
  throw failure(what, access, error ?? saidIn(output))
}

function environment({ access, database }: ProgramRun, ports: ServerPorts): Record<string, string> {
  const password = passwordOf(access, ports)
  const modes = { off: 'disable', require: 'require', 'verify-full': 'verify-full' } as const
  return {
    PATH: process.env.PATH ?? '',
    ...(process.env.SystemRoot !== undefined && { SystemRoot: process.env.SystemRoot }),
    LC_ALL: 'C',
    PGHOST: access.host,
    PGPORT: String(access.port),
    PGUSER: access.user,
    PGDATABASE: database,
    PGSSLMODE: modes[access.tls],
    ...(access.tls === 'verify-full' && { PGSSLROOTCERT: 'system' }),
    PGPASSFILE: process.platform === 'win32' ? 'NUL' : '/dev/null',
    PGAPPNAME: `wheelhouse ${access.service}`,
    PGCONNECT_TIMEOUT: '10',
    ...(password !== null && { PGPASSWORD: password }),
  }
}

/** What a program said went wrong, without its name before each line. */
function saidIn(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^pg_(dump|restore): (error: )?/, '').trim())
    .filter((line) => line !== '' && !/^(hint|detail|Command was|query was|CONTEXT):?/i.test(line))
  const telling = lines.find((line) => /error|could not|fatal|permission|denied|failed/i.test(line))
  const first = telling ?? lines.at(-1) ?? 'it ended without a word'
  return first.slice(0, 600)
}

function failure(what: string, access: DatabaseAccess, said: string): ConsoleError {
  const where = shownAccess(access)
  const told = (code: string, why: string, remedy: string) =>
    new ConsoleError(code, `${what} (${where}) failed: ${why.replace(/[.\s]+$/, '')}.`, remedy, {
      params: { service: access.service, where },
      retryable: true,
    })
  if (/No space left on device/i.test(said)) {
    return told(
      'disk-full',
      `a disk is full (${said})`,
      'Free space on the disk of the site and on that of the database server, then try again.',
    )
  }
  if (/permission denied|must be owner|must be (a )?(superuser|able)|must have|is not permitted/i.test(said)) {
    return told(
      'database-rights',
      said,
      `The role ${access.user} lacks a right; give it to the role, or name another role under \`database.admin\` in site.yaml.`,
    )
  }
  if (/role .* does not exist/i.test(said)) {
    return told(
      'database-role-missing',
      said,
      'Make that role on the server (CREATE ROLE), then try again: dumps hold no roles.',
    )
  }
  if (/\bSSL\b|certificate/i.test(said)) {
    return told(
      'database-tls',
      said,
      'Look at the certificate of the server and at `sslmode` in the address of the database in site.yaml; to check certificates the client programs of PostgreSQL 16 or later are needed here.',
    )
  }
  if (/lock timeout|could not obtain lock/i.test(said)) {
    return told(
      'database-locked',
      said,
      'Somebody holds a lock on a table, as during a change of its columns; try again when that is over.',
    )
  }
  if (
    /connection .*(failed|refused|lost|closed)|could not connect|server closed|terminating connection|timeout expired/i.test(
      said,
    )
  ) {
    return told('database-lost', said, 'Start the database server and check address and network, then try again.')
  }
  return told('database-dump-failed', said, 'Put right what the program names, then try again.')
}
