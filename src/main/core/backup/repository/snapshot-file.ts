import { createHash } from 'node:crypto'
import { z } from 'zod'
import { pathKeySchema } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { snapshotDumpSchema } from '../postgres/dump-record.ts'
import { keptDatabaseSchema } from '../postgres/kept-database.ts'
import { areas, keys, snapshotIdOf } from './layout.ts'
import type { Storage } from './storage.ts'

/** Wall-clock milliseconds that a date can be made of. */
const timeSchema = z.number().min(0).max(8.64e15)

/** A snapshot's own record: written once, last of all, and never changed. Its existence is the commit of the backup. */
export const snapshotSchema = z.object({
  format: z.literal(1),
  id: z.string().regex(/^sn-[0-9a-z]{16}$/),
  site: z.object({ id: z.string(), name: z.string(), directory: z.string() }),
  /** Wall-clock milliseconds at which the capture began, and how long it took. */
  at: timeSchema,
  /** Greater than that of every snapshot before it: says which is newer where the clock has gone backwards. */
  order: z.number().int().min(0).optional(),
  durationMs: z.number(),
  kind: z.enum(['full', 'data', 'restore-point']),
  /** What it covers: the whole site folder without `.wheelhouse`, `site.yaml` and `data/`, or only `paths`. */
  scope: z.enum(['site', 'data', 'paths']),
  /** Scope `paths`: what a restore of some paths was about to swap, as path keys; folders on the way are not covered. */
  paths: z.array(pathKeySchema).optional(),
  note: z.string(),
  /** Id of the tree of the site folder. */
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  exclude: z.array(z.string()),
  files: z.number().int(),
  bytes: z.number(),
  /** New bytes in the repository, as stored. */
  added: z.number(),
  /** Paths of the databases in it, for display. */
  databases: z.array(z.string()),
  /** Databases of PostgreSQL of which it holds a dump. */
  dumps: z.array(snapshotDumpSchema).optional(),
  /** For restore points: databases of PostgreSQL that were set aside on their server, or were not there. */
  kept: z.array(keptDatabaseSchema).optional(),
  warnings: z.array(z.string()),
  /** Something could not be captured as it should: torn, unreadable, or damaged. */
  partial: z.boolean(),
  /** Paths that are not in it although they were there: unreadable. Restoring over them needs care. */
  lost: z.array(z.string()),
  /** Where `current` pointed to. */
  release: z.string().nullable(),
  /** The job that took it. */
  job: z.string(),
  /** For restore points: what was about to be done, and what was missing then. */
  before: z.object({ what: z.string(), missing: z.array(z.string()) }).nullable(),
})
export type SnapshotFile = z.infer<typeof snapshotSchema>

export const verifiedSchema = z.object({
  at: z.number(),
  ok: z.boolean(),
  note: z.string(),
  /** Databases that are kept byte for byte although they are damaged. */
  damaged: z.array(z.string()),
})
export type Verified = z.infer<typeof verifiedSchema>

/** What became of it when it was restored beside the site and started there. */
export const rehearsedSchema = z.object({
  at: z.number(),
  /** `proven`: every service came up healthy. `partly`: those that could be tried did. */
  verdict: z.enum(['proven', 'partly', 'failed']),
  note: z.string(),
  /** Milliseconds from its beginning until the site was healthy; null when it did not become so. */
  totalMs: z.number().nullable(),
})
export type Rehearsed = z.infer<typeof rehearsedSchema>

/** A snapshot with what became known of it later. */
export interface Snapshot extends SnapshotFile {
  readonly verified: Verified | null
  readonly rehearsed: Rehearsed | null
  readonly pinned: boolean
  /** For restore points: the restore behind it has happened, so Undo may go back to it. When. */
  readonly appliedAt: number | null
}

/** Writes the snapshot durably: one line of JSON, and its SHA-256 on the next. */
export async function writeSnapshot(storage: Storage, snapshot: SnapshotFile): Promise<void> {
  const line = JSON.stringify(snapshot)
  await storage.write(keys.snapshot(snapshot.id), `${line}\n${sha256(line)}\n`, { fixed: true })
}

/** Reads one snapshot. Rejects with `snapshot-unknown`, `snapshot-damaged` or `repository-from-the-future`. */
export async function readSnapshot(storage: Storage, id: string): Promise<Snapshot> {
  if (!snapshotSchema.shape.id.safeParse(id).success) throw unknown(id)
  const content = await storage.read(keys.snapshot(id))
  if (!content) throw unknown(id)
  const [line = '', sum = ''] = content.toString('utf8').split('\n')
  if (sha256(line) !== sum) throw damaged(id, 'its checksum does not match')
  const parsed = snapshotSchema.safeParse(parsedLine(line))
  if (!parsed.success) throw damaged(id, 'this version of the console does not understand it')
  if (parsed.data.id !== id) throw damaged(id, 'it carries the name of another one')
  return {
    ...parsed.data,
    verified: await readMark(storage, id, 'verified', verifiedSchema),
    rehearsed: await readMark(storage, id, 'rehearsed', rehearsedSchema),
    pinned: (await readMark(storage, id, 'pinned', z.object({ pinned: z.boolean() })))?.pinned ?? false,
    appliedAt: (await readMark(storage, id, 'applied', z.object({ at: z.number() })))?.at ?? null,
  }
}

/** All snapshots, oldest first, and a sentence for each that cannot be read. */
export async function listSnapshots(storage: Storage): Promise<{ snapshots: Snapshot[]; problems: string[] }> {
  const snapshots: Snapshot[] = []
  const problems: string[] = []
  for (const { key } of await storage.list(areas.snapshots)) {
    const id = snapshotIdOf(key)
    if (!id) continue
    try {
      snapshots.push(await readSnapshot(storage, id))
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  snapshots.sort((a, b) => (a.order ?? 0) - (b.order ?? 0) || a.at - b.at || (a.id < b.id ? -1 : 1))
  return { snapshots, problems }
}

/** Records what became known of a snapshot. Each kind of mark is a file of its own, so that no writer undoes another. */
export async function markSnapshot(storage: Storage, id: string, mark: Mark): Promise<void> {
  const { what, ...content } = mark
  await storage.write(keys.mark(id, what), `${JSON.stringify(content)}\n`)
}

export type Mark =
  | ({ readonly what: 'verified' } & Verified)
  | ({ readonly what: 'rehearsed' } & Rehearsed)
  | { readonly what: 'pinned'; readonly pinned: boolean }
  | { readonly what: 'applied'; readonly at: number }

/** Removes a snapshot; its chunks stay until a sweep. */
export async function removeSnapshot(storage: Storage, id: string): Promise<void> {
  await storage.remove(keys.snapshot(id))
  for (const what of ['verified', 'rehearsed', 'pinned', 'applied'] as const) await storage.remove(keys.mark(id, what))
}

async function readMark<T>(storage: Storage, id: string, what: Mark['what'], schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(String(await storage.read(keys.mark(id, what)))))
  } catch {
    return null // Marks are findings that can be found again; a snapshot without them counts as unverified.
  }
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function unknown(id: string): ConsoleError {
  return new ConsoleError(
    'snapshot-unknown',
    `There is no snapshot ${id} in this site's backups.`,
    'Look at the list of snapshots (wheelhouse snapshots) and take an id from there.',
    { params: { snapshot: id } },
  )
}

function damaged(id: string, why: string): ConsoleError {
  return new ConsoleError(
    'snapshot-damaged',
    `The record of snapshot ${id} cannot be used: ${why}.`,
    'Use another snapshot, and check the disk that holds the backups.',
    { params: { snapshot: id } },
  )
}
