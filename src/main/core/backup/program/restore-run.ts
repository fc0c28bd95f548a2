import { closeSync, constants, lstatSync, mkdirSync, openSync } from 'node:fs'
import { checkDatabase } from '#core/store/index.ts'
import { foldersOf } from '#shared/path-key.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sidecars, sniff } from '../capture/database-capture.ts'
import { type Scope, scopeOf } from '../capture/scope.ts'
import { dumpsFolder } from '../postgres/dump-record.ts'
import { fromRawKey, joinRaw, rawKey, shown } from '../raw-path.ts'
import { readSnapshot, type Snapshot } from '../repository/snapshot-file.ts'
import { walkTree } from '../repository/tree-walk.ts'
import { checkStored, contentsOf } from '../repository/verify.ts'
import { type Comparison, compareSite } from '../restore/compare.ts'
import { prepareKept } from '../restore/kept.ts'
import { planFacts, type SwapEntry, swapKeys } from '../restore/plan.ts'
import { isDatabase, SnapshotTree, selectionOf } from '../restore/selection.ts'
import { type PlacedEntry, stageEntries } from '../restore/stage.ts'
import { SteadySync } from '../restore/steady-sync.ts'
import { syncTree } from '../restore/sync-tree.ts'
import { verifyStaged } from '../restore/verify-staged.ts'
import { stagingOf, swapFolders, treeOf } from '../swap/journal.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'
import { assertRoom, freeBytes } from './space.ts'

const fewFiles = 100
/** So much is worth the threads of the crew. */
const manyBytes = 32 * 1024 * 1024
/** Databases whose rows are counted for a plan. */
const mostDatabases = 50
/** Files that go and are looked at for being databases. */
const mostSniffed = 2_000

/** Compares a snapshot with the site as it is. Changes nothing. */
export async function runPlan(engine: Engine, request: Input<'plan'>): Promise<Output<'plan'>> {
  const { snapshot, tree, paths, scope } = await selected(engine, request)
  const { directory } = engine.site
  const comparison = await compareSite(directory, snapshot, scope, engine)
  const ground = { paths, isPresent: (path: string) => statOf(directory, path) !== undefined }
  const stored = new Set((await placed(tree, swapKeys(comparison, ground))).map(({ key }) => key))
  const facts = planFacts(comparison, { ...ground, snapshot: snapshot.id, isStored: (key) => stored.has(key) })
  const swap = [...facts.swap, ...(await leftoverLogs(facts.swap, tree, directory))].sort((a, b) =>
    a.key < b.key ? -1 : 1,
  )
  assertOnOneMount(
    directory,
    swap.map(({ key }) => key),
  )
  return {
    ...facts,
    entries: [...facts.entries],
    swap,
    bytes: await sizeOf(engine, await placed(tree, brought(swap)), scope),
    freeBytes: await freeBytes(directory),
    kept: comparison.kept.map(rawKey),
    warnings: warningsOf(snapshot),
    written: writtenSince(comparison, snapshot.at),
    databases: changedDatabases(comparison, directory),
  }
}

/**
 * Writes the entries that are to be swapped into `.wheelhouse/staging/<job>/tree`, makes them durable and reads them back.
 * May be called again for more entries.
 */
export async function runStage(engine: Engine, request: Input<'stage'>): Promise<Output<'stage'>> {
  const { snapshot, tree, scope } = await selected(engine, request)
  // Threads take a while to start, and nearly as long as it takes to see how much there is.
  if (snapshot.bytes > manyBytes) engine.crew.start()
  const entries = await placed(tree, brought(request.swap))
  const bytes = await sizeOf(engine, entries, scope)
  await assertRoom(engine.site.directory, bytes, 'The restore')
  const folder = makeStaging(engine.site.directory, request.job)
  const sync = new SteadySync(folder.toString())
  let done = 0
  let files = 0
  try {
    await stageEntries(folder, entries, scope, {
      ...engine,
      onFile(size) {
        files++
        done += size
        sync.wrote(size)
        engine.progress(done, bytes, 'bytes')
      },
    })
    const kept = prepareKept(folder, request.kept.map(fromRawKey), request.swapped)
    // Reading back takes processors, syncing the disk: neither waits for the other.
    await bothDone(makeDurable(folder, files, sync), verifyStaged(folder, entries, scope, engine))
    await engine.reach('restore.after-staging-written')
    await assertDatabases(engine, snapshot, scope)
    return { carried: kept.carried.map(rawKey), stranded: kept.stranded.map(rawKey) }
  } finally {
    await sync.settled()
  }
}

/** Few files are synced one by one; for many it is cheaper to sync the whole disk, whatever else waits to be written. */
async function makeDurable(folder: Buffer, files: number, sync: SteadySync): Promise<void> {
  if (files <= fewFiles || !(await sync.finish())) syncTree(folder)
}

/** Waits for both, whatever becomes of one of them, so that nothing goes on once this has rejected. */
async function bothDone(...work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work)
  await Promise.all(work)
}

/** The databases of a snapshot that was never verified are opened before anything is touched. */
async function assertDatabases(engine: Engine, snapshot: Snapshot, scope: Scope): Promise<void> {
  if (snapshot.verified || snapshot.kind === 'restore-point') return
  const { databases } = await contentsOf(engine.reader, snapshot.tree)
  for (const database of databases) {
    if (scope.place(Buffer.from(database.path)) === 'outside') continue
    const problem = await checkStored(database, engine.reader, engine.temporary, (path) =>
      checkDatabase(engine.runtime, path),
    )
    if (problem === null) continue
    throw new ConsoleError(
      'snapshot-damaged',
      `The database ${database.path} in snapshot ${snapshot.id} is damaged: ${problem}`,
      'Restore another snapshot; the site was not touched.',
      { params: { snapshot: snapshot.id, database: database.path } },
    )
  }
}

/** What a request is about: its snapshot, and how much of that. */
export async function selected(
  engine: Engine,
  request: { readonly snapshot: string; readonly paths: readonly string[] | null },
) {
  const snapshot = await readSnapshot(engine.repository.storage, request.snapshot)
  const tree = new SnapshotTree(engine.reader, snapshot.tree, engine.platform)
  await assertOwnTop(snapshot, tree)
  const paths = await selectionOf(snapshot, request.paths, tree)
  return { snapshot, tree, paths, scope: scopeOf(snapshot.scope, snapshot.exclude, paths) }
}

async function assertOwnTop(snapshot: Snapshot, tree: SnapshotTree): Promise<void> {
  const scope = scopeOf(snapshot.scope, snapshot.exclude, snapshot.paths)
  const strange = [...((await tree.listing(''))?.keys() ?? [])].find(
    (key) => key !== dumpsFolder && !scope.coversTop(fromRawKey(key)),
  )
  if (strange === undefined) return
  throw new ConsoleError(
    'snapshot-hostile',
    `The ${snapshot.scope === 'data' ? 'data snapshot' : 'restore point'} ${snapshot.id} holds "${shown(fromRawKey(strange))}", which is no part of what it covers.`,
    'Do not use this snapshot; find out who can write to the backup folder.',
    { params: { snapshot: snapshot.id } },
  )
}

/** Keys of what a swap brings from the snapshot. */
function brought(swap: readonly SwapEntry[]): readonly string[] {
  return swap.flatMap(({ key, what }) => (what === 'delete' ? [] : [key]))
}

/** The entries that the snapshot holds under these keys, with their places. */
async function placed(tree: SnapshotTree, keys: readonly string[]): Promise<PlacedEntry[]> {
  const entries: PlacedEntry[] = []
  for (const key of keys) {
    const entry = await tree.find(key)
    if (entry) entries.push({ key, entry })
  }
  return entries
}

/** Log files beside a database that is swapped alone: SQLite would replay them over it. */
async function leftoverLogs(swap: readonly SwapEntry[], tree: SnapshotTree, site: string): Promise<SwapEntry[]> {
  const known = new Set(swap.map(({ key }) => key))
  const logs: SwapEntry[] = []
  for (const { key, what } of swap) {
    if (what === 'delete' || !isDatabase(await tree.find(key))) continue
    for (const log of sidecars.map((ending) => key + ending)) {
      if (known.has(log) || !statOf(site, log)) continue
      if (!(await tree.find(log))) logs.push({ key: log, what: 'delete' })
    }
  }
  return logs
}

/** Files written after the snapshot that change or go: what is in them since then is lost. */
function writtenSince({ differences }: Comparison, at: number): Output<'plan'>['written'] {
  const written = differences.flatMap(({ path, writtenAt }) =>
    writtenAt !== null && writtenAt > at ? [{ path: shown(path), at: writtenAt }] : [],
  )
  const newest = [...written].sort((a, b) => b.at - a.at).slice(0, 5)
  return { files: written.length, newest }
}

/** Databases of the snapshot that differ from those in the site, and those that it does not hold and that go. */
function changedDatabases({ differences }: Comparison, site: string): Output<'plan'>['databases'] {
  const databases: Output<'plan'>['databases'] = []
  let sniffed = 0
  for (const { path, what, bytes, database } of differences) {
    if (databases.length >= mostDatabases) break
    if (database) databases.push({ path: rawKey(path), bytes, stored: true })
    else if (what === 'delete' && ++sniffed <= mostSniffed && isDatabaseFile(joinRaw(Buffer.from(site), path))) {
      databases.push({ path: rawKey(path), bytes, stored: false })
    }
  }
  return databases
}

function isDatabaseFile(path: Buffer): boolean {
  try {
    if (!lstatSync(path).isFile()) return false
    const handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      return sniff(handle) !== undefined
    } finally {
      closeSync(handle)
    }
  } catch {
    return false // What cannot be read cannot be counted.
  }
}

/** Bytes of the files among the entries and below them, as far as the scope covers them. */
export async function sizeOf(engine: Engine, entries: readonly PlacedEntry[], scope: Scope): Promise<number> {
  let bytes = 0
  for (const { key, entry } of entries) {
    if (scope.place(fromRawKey(key)) === 'outside') continue
    if (entry.type === 'file') bytes += entry.size
    if (entry.type !== 'folder') continue
    await walkTree(
      engine.reader,
      entry.tree,
      {
        file: ({ path, entry: file }) => {
          if (scope.place(path) === 'inside') bytes += file.size
        },
      },
      fromRawKey(key),
    )
  }
  return bytes
}

function warningsOf(snapshot: Snapshot): string[] {
  const warnings = [...snapshot.warnings]
  if (snapshot.partial)
    warnings.unshift('This snapshot is partial: something was missing or damaged when it was taken.')
  if (!snapshot.verified)
    warnings.unshift('This snapshot was never verified; it is checked before anything is touched.')
  else if (!snapshot.verified.ok) warnings.unshift(snapshot.verified.note)
  return warnings
}

/** A swap is a rename, which does not cross disks; an entry on a disk of its own cannot be swapped. */
function assertOnOneMount(site: string, keys: readonly string[]): void {
  const device = lstatSync(site).dev
  for (const key of keys) {
    const strange = [...foldersOf(key), key].find((path) => (statOf(site, path)?.dev ?? device) !== device)
    if (strange === undefined) continue
    const name = shown(fromRawKey(strange))
    throw new ConsoleError(
      'restore-other-disk',
      `${name} in the site folder is a disk of its own, so ${strange === key ? 'it' : shown(fromRawKey(key))} cannot be swapped in one step.`,
      `Move the content of ${name} onto the disk of the site folder, or restore it into another folder and copy it from there.`,
      { params: { name } },
    )
  }
}

function statOf(site: string, key: string) {
  return lstatSync(joinRaw(Buffer.from(site), fromRawKey(key)), { throwIfNoEntry: false })
}

/** Makes the staging folder; refuses to work through a link that somebody put in its place. */
function makeStaging(site: string, job: string): Buffer {
  const folders = swapFolders(site)
  for (const folder of [folders.staging, stagingOf(folders, job), treeOf(folders, job)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (lstatSync(folder).isDirectory()) continue
    throw new ConsoleError(
      'restore-staging-strange',
      `${folder} is not a folder, so nothing can be staged there.`,
      'Remove it, then try again.',
      { params: { folder } },
    )
  }
  return Buffer.from(treeOf(folders, job))
}
