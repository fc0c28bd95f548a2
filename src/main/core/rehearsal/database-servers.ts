import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  type DumpRecord,
  dumpPath,
  identifier,
  mostRecordBytes,
  programFolders,
  readDumpRecord,
  recordName,
  restoreDump,
  ServerSession,
} from '#core/backup/index.ts'
import { postgresAddress, type SiteDefinition } from '#core/config/index.ts'
import { type Clock, delay, runCommand } from '#core/platform/index.ts'
import type { MovedServer } from './moved-databases.ts'

export interface DatabaseServersParts {
  /** Folder of the sandbox, and the restored site in it. */
  readonly folder: string
  readonly site: string
  readonly clock: Clock
  /** Value of a secret; null when it is not known. */
  readonly secret: (name: string) => string | null
  /** Free loopback ports, one for each database. */
  readonly ports: readonly number[]
  readonly signal: AbortSignal
}

/** The servers of a sandbox, one for each database that the snapshot holds. Disposing ends them. */
export interface DatabaseServers extends AsyncDisposable {
  readonly servers: readonly MovedServer[]
  readonly unbrought: ReadonlyMap<string, string>
}

/** How many servers a site needs in its sandbox at most. */
export function serversWanted({ services }: SiteDefinition): number {
  return Object.values(services).filter(({ database }) => database?.target.engine === 'postgres').length
}

/**
 * Brings the databases of a snapshot up in the sandbox: a server of its own for each, made by initdb, with the roles of the site's server, into
 * which the dump is restored and counted. The site's own server is not touched, and need not be there. What cannot be brought up is told, and
 * the services that need it are left out. Rejects only with the signal's reason.
 */
export async function openDatabaseServers(
  definition: SiteDefinition,
  parts: DatabaseServersParts,
): Promise<DatabaseServers> {
  const servers: MovedServer[] = []
  const unbrought = new Map<string, string>()
  const running: ChildProcess[] = []
  const ports = [...parts.ports]
  for (const { id, database, env, enabled } of Object.values(definition.services)) {
    if (!enabled || database?.target.engine !== 'postgres') continue
    const own = join(parts.site, dumpPath(id))
    if (!existsSync(join(own, recordName))) continue
    try {
      const reading = postgresAddress(database.target.url)
      if (!reading.ok) throw new Error(`its address is one ${reading.why}`)
      const record = await readRecord(own, id)
      const fresh = ports.shift() ?? 0
      const [, name] = /^\$\{\s*secrets\.(.+?)\s*\}$/.exec(env.PGPASSWORD ?? '') ?? []
      const password = name === undefined ? null : parts.secret(name)
      const { host, port, user, name: database_ } = reading.address
      const child = await broughtUp({ record, folder: own, port: fresh, user, password, database: database_ }, parts)
      running.push(child)
      servers.push({ service: id, host, port, fresh })
    } catch (error) {
      parts.signal.throwIfAborted()
      const why = error instanceof Error ? error.message : String(error)
      unbrought.set(id, `its dump could not be restored in the sandbox: ${why.replace(/\.$/, '')}`)
    }
  }
  return {
    servers,
    unbrought,
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((child) => ended(child, parts.clock)))
    },
  }
}

/** Where servers keep their files: in the sandbox; for a console that runs as root beside it, because a server runs as another user. */
export function serverFolder(sandbox: string): string {
  return process.getuid?.() === 0
    ? join(tmpdir(), `wheelhouse-rehearsal-${basename(sandbox)}`)
    : join(sandbox, 'postgres')
}

async function readRecord(own: string, service: string): Promise<DumpRecord> {
  const file = join(own, recordName)
  if ((await stat(file)).size > mostRecordBytes) throw new Error('the record of the dump is too large')
  return readDumpRecord(readFileSync(file, 'utf8'), service)
}

interface Wanted {
  readonly record: DumpRecord
  /** With the files of the dump. */
  readonly folder: string
  readonly port: number
  /** As whom services log in, with which password, to which database. */
  readonly user: string
  readonly password: string | null
  readonly database: string
}

const owner = 'wheelhouse'
const upWithinMs = 60_000

async function broughtUp(wanted: Wanted, parts: DatabaseServersParts): Promise<ChildProcess> {
  const { record, port, user, password, database } = wanted
  const { clock, signal } = parts
  const programs = serverPrograms()
  if (programs === null) throw new Error('the server programs of PostgreSQL (initdb, postgres) are not on this machine')
  const as = unprivileged()
  const root = serverFolder(parts.folder)
  await mkdir(root, { recursive: true, mode: 0o700 })
  if (as) await chown(root, as.uid, as.gid)
  await chmod(root, 0o700)
  const data = join(root, record.service)
  const secret = randomBytes(18).toString('base64url')
  const file = join(root, `${record.service}.secret`)
  await writeFile(file, secret, { mode: 0o600 })
  if (as) await chown(file, as.uid, as.gid)
  const env = environment(programs)
  const made = await runCommand(
    {
      file: join(programs, 'initdb'),
      args: [
        '-D',
        data,
        '-U',
        owner,
        '-E',
        'UTF8',
        '--locale=C',
        '--auth=scram-sha-256',
        `--pwfile=${file}`,
        '--no-sync',
      ],
      cwd: root,
      env,
      timeoutMs: upWithinMs,
      ...(as && { as }),
    },
    clock,
    signal,
  )
  signal.throwIfAborted()
  await rm(file, { force: true })
  if (made.code !== 0) throw new Error(`initdb failed: ${(made.error ?? made.output).trim().split('\n').at(-1)}`)
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '32MB',
    max_connections: 100,
  }
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { cwd: root, env, stdio: 'ignore', ...as },
  )
  child.on('error', () => {})
  try {
    const access = {
      service: record.service,
      host: '127.0.0.1',
      port,
      user: owner,
      tls: 'off',
      name: 'postgres',
      secret: 'own',
    } as const
    // What a sandbox started ends with it, whatever it is.
    const ports = { clock, secret: () => secret, signal, runtime: null }
    await using session = await whenUp(access, ports, child)
    for (const role of new Set([...record.roles, user])) {
      if (role !== owner) await session.run(`CREATE ROLE ${identifier(role)}`)
    }
    for (const { role, member } of record.memberships) {
      if (role !== owner && member !== owner) await session.run(`GRANT ${identifier(role)} TO ${identifier(member)}`)
    }
    const known = password === null ? '' : ` PASSWORD E'${password.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
    if (user !== owner) await session.run(`ALTER ROLE ${identifier(user)} LOGIN${known}`)
    await restoreDump({ record, folder: wanted.folder, access, name: 'restored' }, ports)
    await session.run(`ALTER DATABASE restored RENAME TO ${identifier(database)}`)
    return child
  } catch (error) {
    await ended(child, clock)
    throw error
  }
}

async function whenUp(
  access: Parameters<typeof ServerSession.open>[0],
  ports: { readonly clock: Clock; readonly secret: () => string; readonly signal: AbortSignal },
  child: ChildProcess,
): Promise<ServerSession> {
  const until = ports.clock.monotonic() + upWithinMs
  for (;;) {
    try {
      return await ServerSession.open(access, ports, { signal: ports.signal })
    } catch (error) {
      ports.signal.throwIfAborted()
      if (child.exitCode !== null || ports.clock.monotonic() > until) throw error
      await delay(ports.clock, 200)
    }
  }
}

/** Ends a server in order, and soon in any case. */
async function ended(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGINT') // Fast shutdown: sessions are cut off.
  using _late = clock.after(5_000, () => void child.kill('SIGKILL'))
  await gone
}

/** Folder of the newest initdb and postgres of this machine. */
function serverPrograms(): string | null {
  const major = (folder: string) => Number(/(\d+)[/\\]bin$/.exec(folder)?.[1] ?? 0)
  const found = programFolders().filter(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  )
  return [...found].sort((a, b) => major(b) - major(a))[0] ?? null
}

/** A server refuses to run as root: then it runs as the user that Debian has for it, or as nobody. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = users.find((one) => one.startsWith('postgres:')) ?? users.find((one) => one.startsWith('nobody:')) ?? ''
  const [, , uid, gid] = line.split(':')
  if (uid === undefined) throw new Error('there is no user as whom a server could run')
  return { uid: Number(uid), gid: Number(gid) }
}

/** With the mark of the sandbox, by which it is found whatever happens. */
function environment(programs: string): Record<string, string> {
  const { WHEELHOUSE_RUN = '', PATH = '', TZ } = process.env
  return { PATH: `${programs}:${PATH}`, LC_ALL: 'C', WHEELHOUSE_RUN, ...(TZ !== undefined && { TZ }) }
}
