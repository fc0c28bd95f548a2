import { createHash } from 'node:crypto'
import { isWithin } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import { type DatabaseAccess, type SiteDatabaseSource, shownAccess } from './access.ts'
import type { BesideRecords } from './beside-records.ts'
import { dumpPath, dumpsFolder, type SnapshotDump } from './dump-record.ts'
import type { KeptDatabase } from './kept-database.ts'
import { isBesideName } from './names.ts'
import { databaseOn, isOn, whyNotReplaced } from './server-databases.ts'
import { type ServerPorts, ServerSession } from './server-session.ts'

/** A database that a restore puts in the place of the one that services use. */
export interface PlannedDatabase {
  readonly service: string
  readonly title: string
  readonly where: string
  readonly access: DatabaseAccess
  readonly what: 'add' | 'replace' | 'delete'
  readonly from:
    | { readonly kind: 'dump'; readonly dump: SnapshotDump }
    /** It was set aside by a restore. */
    | { readonly kind: 'kept'; readonly name: string }
    /** There was none. */
    | { readonly kind: 'none' }
  /** Of the one that is there now. */
  readonly bytes: number | null
}

export interface DatabasePlan {
  readonly databases: readonly PlannedDatabase[]
  /** Why the restore cannot be done as asked, a sentence each. */
  readonly problems: readonly string[]
  /** What of it is left out, a sentence each. */
  readonly warnings: readonly string[]
  /** Bytes of dumps that are written beside the site for it. */
  readonly staged: number
}

export interface DatabasePlanPorts extends ServerPorts {
  readonly sources: readonly SiteDatabaseSource[]
  readonly records: BesideRecords
  readonly signal?: AbortSignal | undefined
}

export const noDatabases: DatabasePlan = { databases: [], problems: [], warnings: [], staged: 0 }

/** Paths of a request apart: those of files, and those of dumps. Null is everything. Pure. */
export function filePaths(paths: readonly string[] | null): readonly string[] | null {
  return paths === null ? null : paths.filter((path) => !isWithin(path, dumpsFolder))
}

/** Whether the database of a service is among what is asked for. Pure. */
export function isAsked(service: string, paths: readonly string[] | null): boolean {
  if (paths === null) return true
  const own = dumpPath(service)
  return paths.some((path) => isWithin(own, path) || isWithin(path, own))
}

/** Looks at the servers for what a restore would do with their databases. Changes nothing; a server that is away is a problem of the plan. */
export async function planDatabases(
  snapshot: Snapshot,
  paths: readonly string[] | null,
  ports: DatabasePlanPorts,
): Promise<DatabasePlan> {
  const databases: PlannedDatabase[] = []
  const problems: string[] = []
  const warnings: string[] = []
  for (const { service, title, from } of wanted(snapshot, paths)) {
    const source = ports.sources.find((one) => one.service === service)
    const access = (from.kind === 'kept' ? ports.records.find(from.name)?.access : undefined) ?? source?.access
    if (!access) {
      const why = source?.problem ?? 'site.yaml does not name it'
      warnings.push(
        `The PostgreSQL database of ${title} stays as it is: ${why}. Its dump can be restored into a folder.`,
      )
      continue
    }
    if (from.kind === 'dump' && from.dump.imported) {
      warnings.push(
        `The dump of ${title} came with an archive, and its server will run what stands in it. Go on only if you trust whoever made it.`,
      )
    }
    try {
      const planned = await looked({ service, title, access, where: shownAccess(access), from }, ports)
      if (typeof planned === 'string') warnings.push(planned)
      else if (planned) databases.push(planned)
    } catch (error) {
      ports.signal?.throwIfAborted()
      problems.push(`The PostgreSQL database of ${title} cannot be restored: ${sentence(error)}`)
    }
  }
  const missing = paths?.find((path) => path !== dumpsFolder && isWithin(path, dumpsFolder) && !holds(snapshot, path))
  if (missing !== undefined) throw notHeldIn(snapshot, missing)
  const staged = databases.reduce((sum, { from }) => sum + (from.kind === 'dump' ? from.dump.bytes : 0), 0)
  return { databases, problems, warnings, staged }
}

/** What is to be done, told from anything else that could be; '' for nothing. Pure. */
export function databaseFingerprint({ databases }: DatabasePlan): string {
  if (databases.length === 0) return ''
  const facts = databases.map(({ service, what, from }) => [
    service,
    what,
    from.kind === 'kept' ? from.name : from.kind,
  ])
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)
}

function wanted(snapshot: Snapshot, paths: readonly string[] | null) {
  const dumps = (snapshot.dumps ?? []).map((dump) => ({
    service: dump.service,
    title: dump.title,
    from: { kind: 'dump', dump } as const,
  }))
  const kept = (snapshot.kept ?? []).map(({ service, title, name }: KeptDatabase) => ({
    service,
    title,
    from: name === null ? ({ kind: 'none' } as const) : ({ kind: 'kept', name } as const),
  }))
  return [...dumps, ...kept].filter(({ service }) => isAsked(service, paths))
}

/** Resolves with a sentence when there is nothing to be done for a reason, and with null when there is nothing to be done at all. */
async function looked(
  wish: Omit<PlannedDatabase, 'what' | 'bytes'>,
  ports: DatabasePlanPorts,
): Promise<PlannedDatabase | string | null> {
  const { access, from, title } = wish
  await using session = await ServerSession.beside(access, ports, ports.signal)
  if (from.kind === 'kept' && (!isBesideName(from.name) || !(await isOn(session, from.name)))) {
    return `The PostgreSQL database of ${title} stays as it is: what this restore point kept of it is not on its server any more.`
  }
  const live = await databaseOn(session, access.name)
  if (from.kind === 'none' && !live) return null
  const why = await whyNotReplaced(session, access.name)
  if (why !== null) {
    throw new ConsoleError(
      'database-rights',
      `it can be exchanged only by a role that owns it and may make databases, and ${why}.`,
      `Give ${access.user} that right, or name another role under \`database.admin\` in site.yaml.`,
    )
  }
  const what = from.kind === 'none' ? 'delete' : live ? 'replace' : 'add'
  return { ...wish, what, bytes: live?.bytes ?? null }
}

function holds({ dumps = [], kept = [] }: Snapshot, path: string): boolean {
  return [...dumps, ...kept].some(({ service }) => isWithin(path, dumpPath(service)))
}

function notHeldIn({ id }: Snapshot, path: string): ConsoleError {
  return new ConsoleError(
    'path-not-in-snapshot',
    `The snapshot ${id} holds no dump ${path}. Nothing was changed.`,
    `Look at what it holds: wheelhouse backups ls ${id} ${dumpsFolder}.`,
    { params: { path, snapshot: id } },
  )
}

function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof ConsoleError ? `${message.replace(/\.?$/, '.')} ${error.problem.remedy}` : message
}
