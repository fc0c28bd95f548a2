import { readlink } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { newId } from '#core/platform/index.ts'
import { checkDatabase, copyDatabase } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type Captured, captureSite } from '../capture/capture.ts'
import { FileReader } from '../capture/file-reader.ts'
import { taggedPatterns } from '../capture/left-out.ts'
import { type Scope, scopeOf } from '../capture/scope.ts'
import { syncedSteadily } from '../capture/steady-writes.ts'
import { surveySite } from '../capture/survey.ts'
import { SpentMemory } from '../crew/spent-memory.ts'
import { dumpPath } from '../postgres/dump-record.ts'
import { rawKey } from '../raw-path.ts'
import { BlobStore, writeIndex } from '../repository/blob-store.ts'
import { databaseChunks, fileChunks } from '../repository/chunker.ts'
import type { IndexedPack } from '../repository/index-format.ts'
import { checkPacks } from '../repository/pack-check.ts'
import { keepReserve } from '../repository/reserve.ts'
import {
  listSnapshots,
  markSnapshot,
  type Snapshot,
  type Verified,
  writeSnapshot,
} from '../repository/snapshot-file.ts'
import { nameBytes, readTree, type TreeEntry } from '../repository/tree.ts'
import { type CheckedDatabase, checkStored, findDatabase, type StoredDatabase } from '../repository/verify.ts'
import { captureDumps } from './dumps-run.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'
import { assertRoomIn } from './space.ts'

/** What is captured in place of the site: a folder, and as of when. */
export interface Imported {
  readonly directory: string
  /** Wall-clock milliseconds. */
  readonly at: number
}

/** Takes a snapshot: capture, packs, index, read back, snapshot, verdict, in this order. */
export async function runBackup(
  engine: Engine,
  request: Input<'backup'>,
  imported: Imported | null = null,
): Promise<Output<'backup'>> {
  const directory = imported?.directory ?? engine.site.directory
  const started = { wall: Date.now(), monotonic: performance.now() }
  const { storage } = engine.repository
  if (storage.kind === 'folder') assertOutside(engine.site.directory, storage.place)
  const tagged = request.tagged ? await taggedPatterns(engine.site.directory, request.scope, request.exclude) : []
  const exclude = [...request.exclude, ...tagged]
  const scope = scopeOf(request.scope, exclude, request.paths)
  const { snapshots } = await listSnapshots(storage)
  const previous = newestCovering(snapshots, request)
  // Counting takes as long as comparing: how much there is is known well enough from the snapshot before.
  const total =
    !imported && request.scope !== 'paths' && previous?.scope === request.scope
      ? previous
      : await surveySite(directory, scope)
  const adopted = await adoptOrphans(engine)
  // Compressed and without what is known already it will be less; nobody knows how much less.
  await assertRoomIn(storage, Math.max(0, total.bytes - (previous?.bytes ?? 0) - adopted) / 3, 'The backup')
  const store = new BlobStore(storage, engine.index, engine.crew)
  const dumps = await captureDumps(engine, request, store, imported)
  const captured = await capture(engine, request, scope, store, {
    previous: imported ? undefined : previous,
    total: total.bytes,
    directory,
    dumps: dumps.entry,
  })
  if (request.kind !== 'restore-point' && !imported)
    await assertSourcesThere(engine, request.scope, captured, snapshots)
  const packs = await store.finish(() => engine.reach('backup.after-packs'))
  await engine.reach('backup.after-index')
  // What was kept for packing is garbage by now, and reading back needs memory of its own.
  if (packs.length > 0) new SpentMemory().giveBack()
  await readBack(engine, packs, captured.databases)
  const verified = await verdict(engine, captured.databases, previous)
  const damaged = verified.damaged.length > 0
  const shrunk =
    request.kind === 'restore-point' || imported
      ? null
      : shrinkage(captured.bytes + dumps.bytes, snapshots, request.kind)
  const id = newId('sn')
  await writeSnapshot(storage, {
    format: 1,
    id,
    site: engine.site,
    at: Math.round(imported?.at ?? started.wall),
    // One that is imported is as old as it says, whenever it came.
    ...(!imported && { order: Math.max(0, ...snapshots.map(({ order = 0 }) => order)) + 1 }),
    durationMs: Math.round(performance.now() - started.monotonic),
    kind: request.kind,
    scope: request.scope,
    ...(request.scope === 'paths' && { paths: request.paths ?? [] }),
    note: request.note,
    tree: captured.tree,
    exclude,
    files: captured.files + dumps.files,
    bytes: captured.bytes + dumps.bytes,
    added: store.added,
    databases: [...captured.databases.map(({ path }) => path), ...dumps.taken.map(({ service }) => dumpPath(service))],
    ...(dumps.taken.length > 0 && { dumps: [...dumps.taken] }),
    ...(request.kept && { kept: request.kept }),
    warnings: [
      ...dumps.missing,
      ...(request.notHeld ?? []),
      ...captured.warnings,
      ...(shrunk === null ? [] : [shrunk]),
    ],
    partial: captured.partial || damaged || dumps.missing.length > 0,
    lost: [...captured.lost, ...dumps.lost],
    release: await releaseOf(directory),
    job: request.job,
    before: request.before,
  })
  await engine.reach('backup.after-snapshot')
  // A restore point is taken in need: what room there is is for the restore.
  if (request.kind !== 'restore-point') await keepReserve(storage, engine.index)
  await markSnapshot(storage, id, { what: 'verified', ...verified })
  return { snapshot: id, verified }
}

async function capture(
  engine: Engine,
  request: Pick<Input<'backup'>, 'kind'>,
  scope: Scope,
  store: BlobStore,
  {
    previous,
    total,
    directory,
    dumps,
  }: {
    readonly previous: Snapshot | undefined
    readonly total: number
    readonly directory: string
    readonly dumps: TreeEntry | null
  },
): Promise<Captured> {
  let done = 0
  return captureSite(
    {
      site: directory,
      scope,
      databases: request.kind === 'restore-point' ? 'as it lies' : 'through SQLite',
      previous: previous ? { tree: previous.tree, at: previous.at } : null,
      dumps,
    },
    {
      store,
      reader: new FileReader(store, fileChunks),
      trees: engine.reader,
      owners: engine.owners,
      database: {
        reader: new FileReader(store, databaseChunks),
        copy: (from, to) => syncedSteadily(to, copyDatabase(engine.runtime, { from, to })),
        temporary: engine.temporary,
        now: () => Date.now(),
      },
      onFile(bytes) {
        done += bytes
        engine.progress(Math.min(done, total), total, 'bytes')
      },
    },
  )
}

/**
 * Packs that no index names go into a new one when they are whole: this backup need not write them again, and an index that was
 * damaged is replaced. Resolves with their bytes.
 */
async function adoptOrphans(engine: Engine): Promise<number> {
  const { storage } = engine.repository
  const orphans = engine.index.unnamed()
  const whole: (typeof orphans)[number][] = []
  for (const pack of orphans) {
    const faults = await checkPacks([{ ...pack, blobs: [] }], { storage, crew: engine.crew })
    if (faults.length === 0) whole.push(pack) // Else it is damaged, and nobody needs it.
  }
  if (whole.length > 0) await writeIndex(storage, whole)
  for (const { id } of whole) engine.index.nowNamed(id)
  for (const key of engine.index.damagedFiles) await storage.remove(key)
  return whole.reduce((sum, { size }) => sum + size, 0)
}

/**
 * Reads the new packs back. What was found out about a database before it was stored holds only if its pieces, new and old,
 * unpack to the same.
 */
async function readBack(
  { repository: { storage }, crew, reader }: Engine,
  packs: readonly IndexedPack[],
  databases: readonly CheckedDatabase[],
): Promise<void> {
  const pieces = new Set(databases.flatMap(({ main, problem }) => (problem === undefined ? [] : main.chunks)))
  const wanted = packs.map(({ id, size, blobs }) => ({ id, size, blobs: blobs.filter((blob) => pieces.has(blob.id)) }))
  const [first] = await checkPacks(wanted, { storage, crew })
  if (first) throw first.error
  for (const { blobs } of wanted) for (const { id } of blobs) pieces.delete(id)
  for (const id of pieces) await reader.get(id)
}

/**
 * Opens the databases from the repository. One that was checked as it was taken need not be, nor one of the same pieces as in a
 * verified snapshot: the same bytes come to the same. That they are the same is for the caller to read back.
 */
export async function verdict(
  engine: Engine,
  databases: readonly CheckedDatabase[],
  known: Snapshot | undefined,
): Promise<Verified> {
  const damaged: string[] = []
  const reasons: string[] = []
  let same = 0
  for (const database of databases) {
    if (database.problem === undefined && known?.verified?.ok && (await isSameIn(engine, known, database))) {
      same++
      continue
    }
    const problem =
      database.problem === undefined
        ? await checkStored(database, engine.reader, engine.temporary, (path) => checkDatabase(engine.runtime, path))
        : database.problem
    if (problem === null) continue
    damaged.push(database.path)
    reasons.push(`The database ${database.path} is damaged: ${problem.replace(/\.?$/, '.')}`)
  }
  const note = reasons.length > 0 ? reasons.join(' ') : `Read back; ${checkedWords(databases.length - same, same)}.`
  return { at: Date.now(), ok: damaged.length === 0, note, damaged }
}

function checkedWords(opened: number, same: number): string {
  const counted = (count: number) => (count === 1 ? '1 database' : `${count} databases`)
  if (opened + same === 0) return 'there is no SQLite database in it'
  if (same === 0) return `${counted(opened)} opened and checked`
  const before = `${counted(same)} the same as when ${same === 1 ? 'it was' : 'they were'} opened and checked`
  return opened === 0 ? before : `${counted(opened)} opened and checked, ${before}`
}

/** Whether a snapshot that was verified holds the same database in the same place. */
async function isSameIn(engine: Engine, known: Snapshot, database: StoredDatabase): Promise<boolean> {
  if (known.verified?.damaged.includes(database.path)) return false
  const found = await findDatabase(engine.reader, known.tree, database.path).catch(() => undefined)
  return found !== undefined && chunksOf(found) === chunksOf(database)
}

function chunksOf({ main, logs }: StoredDatabase): string {
  return [main, ...logs.map(({ entry }) => entry)].map(({ chunks }) => chunks.join()).join('|')
}

/** The newest snapshot that covers what is to be captured: the one to compare with. */
function newestCovering(snapshots: readonly Snapshot[], request: Input<'backup'>): Snapshot | undefined {
  // One of some paths is none to compare a whole with.
  const whole = snapshots.filter(({ scope }) => scope !== 'paths')
  const fitting = whole.filter((snapshot) => request.scope !== 'site' || snapshot.scope === 'site')
  // Databases are kept in two ways; a snapshot of the same way spares more work.
  const point = request.kind === 'restore-point'
  return fitting.findLast(({ kind }) => (kind === 'restore-point') === point) ?? fitting.at(-1)
}

/** A backup without the site's file or data would pass for a good one; what should be there and is not is a failure. */
async function assertSourcesThere(
  engine: Engine,
  scope: Input<'backup'>['scope'],
  captured: Captured,
  snapshots: readonly Snapshot[],
): Promise<void> {
  const top = new Set(captured.top.map(rawKey))
  const before = snapshots.findLast((snapshot) => snapshot.kind !== 'restore-point')
  // A listing that is damaged must not keep a new snapshot from being taken.
  const listing = before ? await readTree(engine.reader, before.tree).catch(() => []) : []
  const had = listing.map((entry) => rawKey(nameBytes(entry)))
  const needed = ['site.yaml', ...(had.includes('data') ? ['data'] : [])]
  const missing = needed.filter((name) => !top.has(name))
  if (missing.length === 0 && top.size > 0) return
  throw new ConsoleError(
    'backup-source-missing',
    `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing from the site folder ${engine.site.directory}, so no ${scope === 'data' ? 'data ' : ''}snapshot was taken.`,
    'Check that every disk of the site is connected; restore the last good snapshot if it was deleted.',
    { params: { missing, site: engine.site.directory } },
  )
}

function shrinkage(bytes: number, snapshots: readonly Snapshot[], kind: string): string | null {
  const before = snapshots.findLast((snapshot) => snapshot.kind === kind && !snapshot.partial)
  if (!before || before.bytes === 0) return null
  const share = 1 - bytes / before.bytes
  return share > 0.3
    ? `The site is ${Math.round(share * 100)} % smaller than in the snapshot before; check that nothing is missing.`
    : null
}

async function releaseOf(site: string): Promise<string | null> {
  return readlink(join(site, 'current')).then(
    (target) => basename(target),
    () => null,
  )
}

function assertOutside(site: string, folder: string): void {
  for (const [inner, outer] of [
    [folder, site],
    [site, folder],
  ] as const) {
    const path = relative(outer, inner)
    if (path.startsWith('..')) continue
    throw new ConsoleError(
      'repository-in-site',
      `The backup folder ${folder} and the site folder ${site} lie in one another.`,
      'Choose a backup folder outside the site, best on another disk.',
      { params: { folder, site } },
    )
  }
}
