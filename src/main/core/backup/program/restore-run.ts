import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { syncDisk } from '#core/platform/index.ts'
import { checkDatabase } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { scopeOf } from '../capture/scope.ts'
import { fromRawKey, rawKey, shown } from '../raw-path.ts'
import { readSnapshot, type Snapshot } from '../repository/snapshot-file.ts'
import { nameBytes, readTree, type TreeEntry } from '../repository/tree.ts'
import { walkTree } from '../repository/tree-walk.ts'
import { checkStored, contentsOf } from '../repository/verify.ts'
import { compareSite } from '../restore/compare.ts'
import { prepareKept } from '../restore/kept.ts'
import { assertSafeListing, assertSafeTop } from '../restore/names.ts'
import { planFacts } from '../restore/plan.ts'
import { stageEntries } from '../restore/stage.ts'
import { syncTree } from '../restore/sync-tree.ts'
import { verifyStaged } from '../restore/verify-staged.ts'
import { stagingOf, swapFolders, treeOf } from '../swap/journal.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'
import { assertRoom, freeBytes } from './space.ts'

const fewFiles = 100

/** Compares a snapshot with the site as it is. Changes nothing. */
export async function runPlan(engine: Engine, { snapshot: id }: Input<'plan'>): Promise<Output<'plan'>> {
  const snapshot = await readSnapshot(engine.repository.storage, id)
  const scope = scopeOf(snapshot.scope, snapshot.exclude)
  const top = await topOf(engine, snapshot)
  const comparison = await compareSite(engine.site.directory, snapshot, scope, engine)
  const present = new Set(readdirSync(Buffer.from(engine.site.directory), { encoding: 'buffer' }).map(rawKey))
  const facts = planFacts(id, comparison, new Set(top.keys()), present)
  const swapped = new Set(facts.swap.map(({ key }) => key))
  assertOnOneMount(engine.site.directory, [...swapped])
  const staged = facts.swap.flatMap(({ key, what }) => (what === 'delete' ? [] : (top.get(key) ?? [])))
  return {
    ...facts,
    entries: [...facts.entries],
    swap: [...facts.swap],
    bytes: await sizeOf(engine, staged),
    freeBytes: await freeBytes(engine.site.directory),
    kept: comparison.kept.map(rawKey),
    warnings: warningsOf(snapshot),
  }
}

/**
 * Writes the entries that are to be swapped into `.wheelhouse/staging/<job>/tree`, reads them back, and makes them durable.
 * May be called again for more entries.
 */
export async function runStage(engine: Engine, request: Input<'stage'>): Promise<Output<'stage'>> {
  const snapshot = await readSnapshot(engine.repository.storage, request.snapshot)
  const top = await topOf(engine, snapshot)
  const entries = request.swap.flatMap(({ key, what }) => (what === 'delete' ? [] : (top.get(key) ?? [])))
  const bytes = await sizeOf(engine, entries)
  await assertRoom(engine.site.directory, bytes, 'The restore')
  const folder = makeStaging(engine.site.directory, request.job)
  let done = 0
  let files = 0
  await stageEntries(folder, entries, {
    ...engine,
    onFile(size) {
      files++
      done += size
      engine.progress(done, bytes, 'bytes')
    },
  })
  const kept = prepareKept(folder, request.kept.map(fromRawKey), new Set(request.swapped))
  // Few files are synced one by one; for many it is cheaper to sync the whole disk, whatever else waits to be written.
  if (files <= fewFiles || !(await syncDisk(folder.toString()))) syncTree(folder)
  await engine.reach('restore.after-staging-written')
  await verifyStaged(folder, entries, engine.reader)
  await assertDatabases(engine, snapshot)
  return { carried: kept.carried.map(rawKey), stranded: kept.stranded.map(rawKey) }
}

/** The databases of a snapshot that was never verified are opened before anything is touched. */
async function assertDatabases(engine: Engine, snapshot: Snapshot): Promise<void> {
  if (snapshot.verified || snapshot.kind === 'restore-point') return
  const { databases } = await contentsOf(engine.reader, snapshot.tree)
  for (const database of databases) {
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

/** The entries directly in the site folder, by key. Rejects with `snapshot-hostile` for what must not be written anywhere. */
export async function topOf(engine: Engine, snapshot: Snapshot): Promise<ReadonlyMap<string, TreeEntry>> {
  const entries = await readTree(engine.reader, snapshot.tree)
  assertSafeListing(entries, engine.platform)
  assertSafeTop(entries)
  const scope = scopeOf(snapshot.scope, snapshot.exclude)
  const strange = entries.find((entry) => !scope.coversTop(nameBytes(entry)))
  if (strange) {
    throw new ConsoleError(
      'snapshot-hostile',
      `The data snapshot ${snapshot.id} holds "${shown(nameBytes(strange))}", which is no part of the data.`,
      'Do not use this snapshot; find out who can write to the backup folder.',
      { params: { snapshot: snapshot.id } },
    )
  }
  return new Map(entries.map((entry) => [rawKey(nameBytes(entry)), entry]))
}

/** Bytes of the files among the entries and below them. */
export async function sizeOf(engine: Engine, entries: readonly TreeEntry[]): Promise<number> {
  let bytes = 0
  for (const entry of entries) {
    if (entry.type === 'file') bytes += entry.size
    if (entry.type !== 'folder') continue
    await walkTree(engine.reader, entry.tree, {
      file: ({ entry: file }) => {
        bytes += file.size
      },
    })
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

/** A swap is a rename, which does not cross disks; an entry that is a disk of its own cannot be swapped. */
function assertOnOneMount(site: string, keys: readonly string[]): void {
  const device = lstatSync(site).dev
  for (const key of keys) {
    const stat = lstatSync(Buffer.concat([Buffer.from(`${site}/`), fromRawKey(key)]), { throwIfNoEntry: false })
    if (!stat || stat.dev === device) continue
    const name = shown(fromRawKey(key))
    throw new ConsoleError(
      'restore-other-disk',
      `${name} in the site folder is a disk of its own, so it cannot be swapped in one step.`,
      `Move the content of ${name} onto the disk of the site folder, or restore it by hand from a copy.`,
      { params: { name } },
    )
  }
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
