import type { CrashPoints } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { shownAccess } from './access.ts'
import { identifier } from './names.ts'
import { endConnections, isOn } from './server-databases.ts'
import { type ServerPorts, ServerSession } from './server-session.ts'
import type { SwapDatabase } from './swap-record.ts'

/** The part of a swap that is done on servers of databases. Each step looks at what is there before it acts, so it can be run again. */
export interface DatabaseSwap {
  forward(databases: readonly SwapDatabase[], points: CrashPoints): Promise<void>
  back(databases: readonly SwapDatabase[], points: CrashPoints): Promise<void>
  /** Whether each is either in its place or can still be brought there. Rejects when a server does not answer. */
  canGoForward(databases: readonly SwapDatabase[]): Promise<boolean>
}

const tries = 5

/** Renames databases of servers. Both renames of one database are one transaction: no moment has neither or half of them. */
export function databaseSwap(ports: ServerPorts): DatabaseSwap {
  return {
    async forward(databases, points) {
      for (const database of databases) {
        await using session = await ServerSession.beside(database.access, ports)
        const state = await stateOf(session, database)
        points.reach('restore.before-database')
        if (state === 'arrived') await open(session, database.access.name)
        else if (state === 'waiting') await rename(session, database, renamesForward(database))
        else throw lost(database)
        points.reach('restore.swap-database')
      }
    },
    async back(databases, points) {
      for (const database of [...databases].reverse()) {
        await using session = await ServerSession.beside(database.access, ports)
        const state = await stateOf(session, database)
        points.reach('restore.before-database')
        if (state === 'arrived') await rename(session, database, renamesBack(database))
        else if (state === 'waiting') await open(session, database.access.name)
        else if (database.what !== 'add' && !(await isOn(session, database.access.name))) throw lost(database)
        points.reach('restore.take-back')
      }
    },
    async canGoForward(databases) {
      for (const database of databases) {
        await using session = await ServerSession.beside(database.access, ports)
        if ((await stateOf(session, database)) === 'lost') return false
      }
      return true
    },
  }
}

type Rename = readonly [from: string, to: string]

function renamesForward({ access, fresh, kept }: SwapDatabase): readonly Rename[] {
  const { name } = access
  return [...(kept === null ? [] : [[name, kept] as const]), ...(fresh === null ? [] : [[fresh, name] as const])]
}

function renamesBack(database: SwapDatabase): readonly Rename[] {
  return [...renamesForward(database)].reverse().map(([from, to]) => [to, from] as const)
}

/** `waiting`: nothing was renamed yet; `arrived`: all was. There is nothing in between, unless somebody else renames as well. */
async function stateOf(
  session: ServerSession,
  { access, fresh, kept }: SwapDatabase,
): Promise<'waiting' | 'arrived' | 'lost'> {
  const live = await isOn(session, access.name)
  const isFresh = fresh !== null && (await isOn(session, fresh))
  const isKept = kept !== null && (await isOn(session, kept))
  const waits = (fresh === null || isFresh) && !isKept && live === (kept !== null)
  if (waits) return 'waiting'
  const arrived = !isFresh && (kept === null || isKept) && live === (fresh !== null)
  return arrived ? 'arrived' : 'lost'
}

/** Nobody may connect in between: connections that are ended come back at once where a program does not wait. */
async function rename(session: ServerSession, database: SwapDatabase, renames: readonly Rename[]): Promise<void> {
  const { access } = database
  const names = renames.map(([from]) => from)
  let problem: string | null = null
  let last: unknown
  for (let attempt = 0; attempt < tries; attempt++) {
    for (const name of names) await session.run(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS false`)
    problem = await endConnections(session, names)
    await session.run('BEGIN')
    try {
      for (const [from, to] of renames) {
        await session.run(`ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`)
      }
      await session.run('COMMIT')
      await open(session, access.name)
      return
    } catch (error) {
      last = error
      await session.run('ROLLBACK').catch(() => {})
      if (!isInUse(error)) break
    }
  }
  for (const name of names) await open(session, name).catch(() => {})
  const why = problem ?? (last instanceof Error ? last.message : String(last))
  throw new ConsoleError(
    'database-not-renamed',
    `The database of ${database.title} (${shownAccess(access)}) could not be exchanged: ${why.replace(/[.\s]+$/, '')}.`,
    'End the programs that are connected to it, or name a role that may end them under `database.admin` in site.yaml.',
    { params: { service: access.service }, cause: last },
  )
}

async function open(session: ServerSession, name: string): Promise<void> {
  if (await isOn(session, name)) await session.run(`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true`)
}

/** 55006: object_in_use. */
function isInUse(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === '55006'
}

function lost({ title, access }: SwapDatabase): ConsoleError {
  return new ConsoleError(
    'restore-database-strange',
    `The databases of ${title} on ${access.host}:${access.port} are not as the restore left them: somebody renamed or dropped one`,
    'Look which databases there are (psql -l); the one that services use must have its name again.',
    { params: { service: access.service } },
  )
}
