import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach } from 'vitest'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

/** A real PostgreSQL server in a folder and on a port of its own, for one spec file. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** Address for site.yaml: user `app`, database `app`. */
  readonly url: string
  readonly password: string
  /** Starts it and waits until it takes connections. `settings` are given as `-c`. */
  start(settings?: readonly string[]): Promise<void>
  /** SIGKILL to the whole of it: no client is told anything. */
  kill(): Promise<void>
  /** SIGSTOP to all of its processes, and SIGCONT. */
  pause(): void
  resume(): void
  /** Runs statements as its superuser, apart from whatever is tested. Resolves with what psql prints. */
  psql(statements: string, database?: string): string
  /** Runs statements as its superuser and keeps the session, with whatever it holds, until it is disposed. */
  hold(statements: string, database?: string): Disposable
  /** All of a database as pg_dump writes it, without what differs from one run to the next. */
  dump(database: string): string
}

/** Folder of PostgreSQL's programs where Debian puts them; null when it is not installed. */
export function postgresPrograms(): string | null {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return null
  const newest = readdirSync(root).toSorted((a, b) => Number(b) - Number(a))[0]
  return newest && existsSync(join(root, newest, 'bin', 'initdb')) ? join(root, newest, 'bin') : null
}

/** Skips every test of the file where PostgreSQL is missing, with the reason in the report. Returns that reason or null. */
export function needsPostgres(): string | null {
  if (postgresPrograms() !== null) return null
  const reason = 'PostgreSQL is missing: apt-get install postgresql'
  beforeEach((context) => context.skip(reason))
  return reason
}

/** Makes a server with a database `app` of a user `app` who needs a password. Stopped and removed when it is disposed. */
export async function postgresServer(): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (programs === null) throw new Error('PostgreSQL is not installed.')
  const [port = 0] = await freePorts(1)
  const folder = mkdtempSync(join(tmpdir(), 'wheelhouse-postgres-'))
  const data = join(folder, 'data')
  // The server refuses to run as root.
  const asRoot = process.getuid?.() === 0
  const user = asRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  if (asRoot) {
    execFileSync('chown', ['postgres', folder])
    chmodSync(folder, 0o700)
  }
  const options = { ...user, cwd: folder, env: { PATH: `${programs}:${process.env.PATH}`, LANG: 'C' } }
  execFileSync(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'owner',
      '-E',
      'UTF8',
      '--locale=C',
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '--no-sync',
    ],
    { ...options, stdio: 'pipe' },
  )
  writeFileSync(
    join(data, 'postgresql.auto.conf'),
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\nmax_connections = 12\nsuperuser_reserved_connections = 3\n`,
  )
  let leader: number | null = null
  let gone: Promise<void> = Promise.resolve()
  const password = 'p4ss for specs'
  const psql = (statements: string, database = 'app') =>
    execFileSync(
      join(programs, 'psql'),
      [
        '-h',
        folder,
        '-p',
        String(port),
        '-U',
        'owner',
        '-d',
        database,
        '-qAtX',
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        statements,
      ],
      { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 },
    ).trim()
  const signal = (name: NodeJS.Signals) => {
    for (const pid of familyOf(leader)) {
      try {
        process.kill(pid, name)
      } catch {
        // ended meanwhile
      }
    }
  }
  const server: PostgresServer = {
    port,
    url: `postgres://app@127.0.0.1:${port}/app`,
    password,
    psql,
    hold(statements, database = 'app') {
      const child = spawn(
        join(programs, 'psql'),
        ['-h', folder, '-p', String(port), '-U', 'owner', '-d', database, '-qAtX', '-v', 'ON_ERROR_STOP=1'],
        { ...options, stdio: ['pipe', 'ignore', 'ignore'] },
      )
      child.stdin.on('error', () => {})
      child.stdin.write(`${statements};\n`)
      return { [Symbol.dispose]: () => void child.kill('SIGKILL') }
    },
    dump(database) {
      const env = { ...options.env, PGHOST: folder, PGPORT: String(port), PGUSER: 'owner', PGDATABASE: database }
      const text = execFileSync(join(programs, 'pg_dump'), [], { ...options, env, encoding: 'utf8', maxBuffer: 1e9 })
      return text.replaceAll(/^\\(un)?restrict .*$/gm, '')
    },
    async start(settings = []) {
      const child = spawn(join(programs, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
        ...options,
        stdio: 'ignore',
        detached: true,
      })
      leader = child.pid ?? null
      gone = new Promise((resolve) => child.once('exit', () => resolve()))
      await until('PostgreSQL takes connections', () => {
        try {
          return psql('SELECT 1', 'postgres') === '1'
        } catch {
          return false
        }
      })
    },
    async kill() {
      const all = familyOf(leader)
      signal('SIGKILL')
      await gone
      await until('PostgreSQL is gone', () => all.every((pid) => !existsSync(`/proc/${pid}/stat`) || isZombie(pid)))
      leader = null
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      if (leader !== null) {
        signal('SIGCONT')
        await server.kill()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await server.start()
    psql(`CREATE ROLE app LOGIN PASSWORD '${password}'`, 'postgres')
    psql('CREATE DATABASE app OWNER app', 'postgres')
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
}

/** The postmaster and its children, by /proc. */
function familyOf(leader: number | null): readonly number[] {
  if (leader === null) return []
  try {
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(leader)], { encoding: 'utf8' })
    return [leader, ...children.split('\n').map(Number).filter(Boolean)]
  } catch {
    return [leader]
  }
}

function isZombie(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z')
  } catch {
    return true
  }
}
