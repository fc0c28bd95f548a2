import { createHash } from 'node:crypto'
import { ConsoleError } from '#shared/problem.ts'
import { loadIndex } from '../repository/blob-index.ts'
import { BlobReader } from '../repository/blob-reader.ts'
import { areas, isIndexKey, keys, packIdOf, snapshotIdOf } from '../repository/layout.ts'
import { openStorage } from '../repository/open-storage.ts'
import { openRepository, prepareRepository } from '../repository/repository.ts'
import { isSealedWhole, SealedStorage } from '../repository/sealed-storage.ts'
import { listSnapshots } from '../repository/snapshot-file.ts'
import type { Storage, StoredFile } from '../repository/storage.ts'
import { contentsOf, packsOf } from '../repository/verify.ts'
import type { Engine } from './engine.ts'
import type { Input, Output } from './messages.ts'

/**
 * Brings another storage up to this repository: what is missing there, in the order of a commit (packs, index, snapshots, marks), each
 * read back and compared after it arrived. May be ended at any moment and goes on where it was. Nothing is removed there: a mistake
 * here must not reach the copy.
 */
export async function runCopy(engine: Engine, { to, what }: Input<'copy'>): Promise<Output<'copy'>> {
  using target = openStorage(to)
  if (!(await isCopy(engine, target))) await prepareRepository(target)
  await using _lock = await target.lock(what)
  const source = engine.raw
  if (!(await isCopy(engine, target))) await becomeCopy(source, target)
  await copyRoot(source, target)
  const missing = await missingIn(source, target, areas.packs, (key) => packIdOf(key) !== undefined)
  const total = missing.reduce((sum, { size }) => sum + size, 0)
  const damaged = new Set<string>()
  let done = 0
  for (const { key, size } of missing) {
    const id = packIdOf(key) ?? ''
    const content = await source.read(key)
    if (!content || sha256(content) !== id) damaged.add(id)
    else await put(target, key, content, true)
    done += size
    engine.progress(done, total, 'bytes')
  }
  await engine.reach('copy.after-packs')
  for (const { key } of await missingIn(source, target, areas.index, isIndexKey)) {
    const content = await source.read(key)
    // An index that does not bear its own name is damaged; packs describe themselves, so it is not needed.
    if (content && isWholeIndex(key, content)) await put(target, key, content, true)
  }
  await engine.reach('copy.after-index')
  const { copied, left } = await copySnapshots(engine, target, damaged)
  await copyMarks(source, target)
  if (damaged.size > 0) {
    throw new ConsoleError(
      'copy-source-damaged',
      `${damaged.size === 1 ? 'A pack' : `${damaged.size} packs`} of the backups in ${source.place} ${damaged.size === 1 ? 'is' : 'are'} damaged, so ${left === 1 ? 'one snapshot was' : `${left} snapshots were`} not copied to ${target.place}. Everything else was.`,
      'Verify the snapshots, and take a new backup: what is damaged is stored again as long as the files are there.',
      { params: { damaged: [...damaged] } },
    )
  }
  return { snapshots: copied, bytes: total, durability: target.durability() }
}

/** Whether the other place is a copy of this repository already; false: nothing is there. Throws when other backups are. */
async function isCopy({ repository }: Engine, target: Storage): Promise<boolean> {
  const found = await openRepository(target)
  if (!found || found.config.id === repository.config.id) return found !== undefined
  throw new ConsoleError(
    'copy-other-repository',
    `In ${target.place} lie other backups, which are not touched.`,
    'Name another place for the copy in site.yaml.',
    { params: { folder: target.place, repository: found.config.id } },
  )
}

async function becomeCopy(source: Storage, target: Storage): Promise<void> {
  const config = await source.read(keys.config)
  if (config) await target.write(keys.config, config, { ifAbsent: true })
}

/** Files of the root besides the config, and the key files; what only tells of the work in one place stays there. */
async function copyRoot(source: Storage, target: Storage): Promise<void> {
  const local: readonly string[] = [keys.config, keys.owner, keys.sweep, keys.damaged, 'lock.json']
  for (const { key } of await source.list('')) {
    if (!key.endsWith('.json') || local.includes(key)) continue
    const content = await source.read(key)
    const known = await target.read(key)
    if (content && !known?.equals(content)) await put(target, key, content, false)
  }
  const wanted = await source.list(areas.keys)
  for (const { key } of wanted) {
    const content = await source.read(key)
    const known = await target.read(key)
    if (content && !known?.equals(content)) await put(target, key, content, false)
  }
  // A passphrase that was taken back must not open the copy either.
  for (const { key } of await target.list(areas.keys)) {
    if (!wanted.some((file) => file.key === key)) await target.remove(key)
  }
}

async function copySnapshots(engine: Engine, target: Storage, damaged: ReadonlySet<string>) {
  const source = engine.raw
  const readable = new SealedStorage(target, engine.repository.storage.protection)
  const index = await loadIndex(readable)
  const reader = new BlobReader(readable, index)
  const { snapshots } = await listSnapshots(engine.repository.storage)
  const there = new Set((await target.list(areas.snapshots)).map(({ key }) => key))
  let copied = 0
  let left = 0
  for (const { id, tree } of snapshots) {
    const key = keys.snapshot(id)
    if (there.has(key)) continue
    // Only what is whole there is committed: everything that it needs is looked for in the copy itself.
    const whole =
      damaged.size === 0 ||
      (await contentsOf(reader, tree).then(
        ({ blobs }) => ![...packsOf(index, blobs)].some((pack) => damaged.has(pack)),
        () => false,
      ))
    const content = whole ? await source.read(key) : undefined
    if (!content) left++
    else {
      await put(target, key, content, true)
      copied++
    }
  }
  await engine.reach('copy.after-snapshots')
  return { copied, left }
}

/** Marks are findings that change: those that differ are written again. Only of snapshots that are there. */
async function copyMarks(source: Storage, target: Storage): Promise<void> {
  const there = new Set((await target.list(areas.snapshots)).flatMap(({ key }) => snapshotIdOf(key) ?? []))
  for (const { key } of await source.list(areas.marks)) {
    const id = /^marks\/(sn-[0-9a-z]{16})\./.exec(key)?.[1]
    if (id === undefined || !there.has(id)) continue
    const content = await source.read(key)
    const known = await target.read(key)
    if (content && !known?.equals(content)) await target.write(key, content)
  }
}

async function missingIn(
  source: Storage,
  target: Storage,
  area: string,
  wanted: (key: string) => boolean,
): Promise<readonly StoredFile[]> {
  const there = new Map((await target.list(area)).map(({ key, size }) => [key, size]))
  return (await source.list(area)).filter(({ key, size }) => wanted(key) && there.get(key) !== size)
}

async function put(target: Storage, key: string, content: Buffer, fixed: boolean): Promise<void> {
  await target.write(key, content, { fixed })
  const arrived = await target.read(key)
  if (arrived?.equals(content)) return
  throw new ConsoleError(
    'storage-not-kept',
    `${key} was written to ${target.place} and reads back differently.`,
    'Do not rely on this place; check its disk or network, or use another one.',
    { params: { folder: target.place, key }, retryable: true },
  )
}

/** Whether an index file is as it was written: it bears its own checksum when it is sealed, else as its name. */
function isWholeIndex(key: string, content: Buffer): boolean {
  return isSealedWhole(content) ?? key === keys.index(sha256(content))
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
