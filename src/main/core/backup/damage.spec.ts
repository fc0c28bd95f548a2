import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { newId } from '#core/platform/index.ts'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { makeDatabase, noise } from '../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'
import { until } from '../../../../test/support/until.ts'
import { Crew } from './crew/crew.ts'
import { loadIndex } from './repository/blob-index.ts'
import { BlobStore } from './repository/blob-store.ts'
import { openStorage } from './repository/open-storage.ts'
import { readSnapshot, writeSnapshot } from './repository/snapshot-file.ts'
import { encodeTree, type TreeEntry } from './repository/tree.ts'

const holder = fileURLToPath(new URL('../../../../test/support/repository-holder.program.ts', import.meta.url))
const cause = { type: 'operator', via: 'command line' } as const

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(site, 'code'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'code', 'api.mjs'), noise(300_000))
  writeFileSync(join(site, 'data', 'notes.txt'), 'kept by nobody else')
  return { site, repository: join(folder, 'backups') }
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  chmodSync(file, 0o600)
  writeFileSync(file, bytes)
}

function largestPack(repository: string): string {
  const packs = readdirSync(join(repository, 'packs')).map((name) => join(repository, 'packs', name))
  return packs.sort((a, b) => readFileSync(b).length - readFileSync(a).length)[0] ?? ''
}

test('a flipped bit in a pack is found by verify, stops a restore before anything is touched, and is not relied on again', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  const snapshot = await rig.backUp()
  flipBit(largestPack(repository), 100_000)
  writeFileSync(join(site, 'data', 'notes.txt'), 'changed')
  unlinkSync(join(site, 'code', 'api.mjs'))
  const before = listTree(site)

  const restore = await rig.restore()

  expect(restore).toMatchObject({ state: 'failed', message: expect.stringContaining('is damaged') })
  expect(differences(before, listTree(site))).toEqual([])
  const verify = await rig.backups.verify({ snapshot, cause })
  expect(await rig.jobs.finished(verify.job)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('damaged'),
  })
  expect(rig.backups.snapshots()).toMatchObject([{ verified: { ok: false } }])
  expect(rig.backups.overview().lastAt).toBeNull()
  // As long as the files are still there, the next backup stores them again and does not rely on the damaged pack.
  writeFileSync(join(site, 'code', 'api.mjs'), noise(300_000))
  const healed = await rig.backUp()
  const again = await rig.backups.verify({ snapshot: healed, cause })
  expect(await rig.jobs.finished(again.job)).toMatchObject({ state: 'completed' })
})

test('a missing pack is named, and the next backup does not rely on it', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  const snapshot = await rig.backUp()
  rmSync(largestPack(repository))
  await expect(rig.backups.plan(snapshot)).rejects.toThrow('a pack file is missing')
  await rig.backUp()
  expect(rig.backups.snapshots().at(-1)).toMatchObject({ verified: { ok: true }, partial: false })
  unlinkSync(join(site, 'code', 'api.mjs'))
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  expect(existsSync(join(site, 'code', 'api.mjs'))).toBe(true)
})

test('a verification reads every byte back, and does not have SQLite look again at a database whose bytes it has seen', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  makeDatabase(join(site, 'data', 'app.db'), 3)
  await using rig = await openBackupRig({ site, folder: repository })
  const snapshot = await rig.backUp()
  const verify = async () => {
    const { job } = await rig.backups.verify({ snapshot, cause })
    await rig.jobs.finished(job)
    return rig.backups.snapshots()[0]?.verified
  }
  expect(await verify()).toMatchObject({ ok: true, note: expect.stringContaining('the same as when it was opened') })

  rmSync(join(repository, 'marks', `${snapshot}.verified.json`))
  expect(await verify()).toMatchObject({ ok: true, note: 'Read back; 1 database opened and checked.' })
})

test('a damaged index costs nothing: the packs describe themselves', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  await rig.backUp()
  const index = join(repository, 'index', readdirSync(join(repository, 'index'))[0] ?? '')
  flipBit(index, 20)
  unlinkSync(join(site, 'code', 'api.mjs'))
  expect(await rig.restore()).toMatchObject({ state: 'completed' })
  expect(readFileSync(join(site, 'code', 'api.mjs')).equals(noise(300_000))).toBe(true)
})

test('a database that is damaged is told, kept byte for byte, and its snapshot does not count as good', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const database = join(site, 'data', 'app.db')
  makeDatabase(database, 2_000)
  await using rig = await openBackupRig({ site, folder: repository })
  const good = await rig.backUp()
  const bytes = readFileSync(database)
  noise(9_000).copy(bytes, 8_000)
  writeFileSync(database, bytes)
  const bad = await rig.backUp()
  expect(rig.backups.snapshots().find(({ id }) => id === bad)).toMatchObject({ partial: true, verified: { ok: false } })
  expect(rig.attention.open().map(({ id }) => id)).toContain('backup-not-good')
  expect((await rig.backups.plan(null)).snapshot).toBe(good)
  unlinkSync(database)
  expect(await rig.restore(bad)).toMatchObject({ state: 'completed' })
  expect(readFileSync(database).equals(bytes)).toBe(true)
})

test('a second process is refused with the name of the first, and the lock dies with its holder', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  await rig.backUp()
  const child = spawn(process.execPath, [holder, repository], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const started = await rig.backups.create({ kind: 'full', note: '', cause })
  expect(await rig.jobs.finished(started.job)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining(`process ${child.pid} on`),
  })
  expect(rig.attention.open().map(({ id }) => id)).toContain('backup-held')
  child.kill('SIGKILL')
  await once(child, 'close')
  await rig.backUp()
  expect(rig.attention.open().map(({ id }) => id)).not.toContain('backup-failed')
})

test('a repository from a newer version is refused with a sentence, and not changed', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  {
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
  }
  const file = join(repository, 'config.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 2', '"format": 3'))
  await using rig = await openBackupRig({ site, folder: repository })
  expect(rig.backups.overview().note).toContain('written by a newer version of the console (format 3')
  expect(rig.attention.open().map(({ id }) => id)).toContain('backup-unreachable')
  await expect(rig.backups.plan(null)).rejects.toMatchObject({ problem: { code: 'repository-from-the-future' } })
  const started = await rig.backups.create({ kind: 'full', note: '', cause })
  expect(await rig.jobs.finished(started.job)).toMatchObject({ state: 'failed' })
  expect(readdirSync(join(repository, 'snapshots')).length).toBe(1)
})

test('a snapshot with an entry whose name leads elsewhere is refused before anything is touched', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  const good = await rig.backUp()
  const before = listTree(site)
  for (const name of ['..', 'data/../../escape', '/etc/passwd', 'a\0b', '.wheelhouse', '.Wheelhouse']) {
    const forged = await forge(repository, good, (entries) => [...entries, { ...fileLike(entries), name }])
    await rig.backups.pin(good, true)
    await expect(rig.backups.plan(forged)).rejects.toMatchObject({ problem: { code: 'snapshot-hostile' } })
    if (name === '..') expect(await rig.restore(forged)).toMatchObject({ state: 'failed' })
  }
  expect(differences(before, listTree(site))).toEqual([])
  expect(readdirSync(folder.path).sort()).toEqual(['backups', 'site'])
})

test('a snapshot that puts a link in place of a folder and a file behind it does not reach through the link', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  mkdirSync(join(folder.path, 'outside'))
  await using rig = await openBackupRig({ site, folder: repository })
  const good = await rig.backUp()
  const forged = await forge(repository, good, (entries) => {
    const { mode, uid, gid, user, group, mtime } = fileLike(entries)
    const link: TreeEntry = {
      type: 'link',
      name: 'data',
      target: join(folder.path, 'outside'),
      mode,
      uid,
      gid,
      user,
      group,
      mtime,
    }
    return [...entries, link]
  })
  await rig.backups.pin(good, true)
  expect(await rig.restore(forged)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('must not be restored'),
  })
  // And a link that somebody put into the site in place of a folder is replaced, not followed.
  renameSync(join(site, 'data'), join(folder.path, 'elsewhere'))
  symlinkSync(join(folder.path, 'outside'), join(site, 'data'))
  expect(await rig.restore(good)).toMatchObject({ state: 'completed' })
  expect(readFileSync(join(site, 'data', 'notes.txt'), 'utf8')).toBe('kept by nobody else')
  expect(readdirSync(join(folder.path, 'outside'))).toEqual([])
})

test('a site that is not there, or lacks its data, is a failure and never an empty snapshot', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  await using rig = await openBackupRig({ site, folder: repository })
  await rig.backUp()
  renameSync(join(site, 'data'), join(folder.path, 'unmounted'))
  const started = await rig.backups.create({ kind: 'full', note: '', cause })
  expect(await rig.jobs.finished(started.job)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('data is missing from the site folder'),
  })
  expect(rig.backups.snapshots().length).toBe(1)
})

test('a file that never holds still is told as torn; one that only grows is not', async () => {
  using folder = temporaryFolder()
  const { site, repository } = places(folder.path)
  const program = `const fs = require('node:fs'); const [torn, log] = process.argv.slice(1)
    const handle = fs.openSync(torn, 'w+'); const block = Buffer.alloc(1 << 20)
    for (let n = 0; ; n++) {
      block.fill(n & 255)
      for (let part = 0; part < 12; part++) fs.writeSync(handle, block, 0, block.length, part << 20)
      fs.appendFileSync(log, 'line ' + n + '\\n')
    }`
  const torn = join(site, 'data', 'torn.bin')
  const child = spawn(process.execPath, ['-e', program, torn, join(site, 'grows.log')], { stdio: 'ignore' })
  try {
    await until('the file is written', () => existsSync(join(site, 'grows.log')))
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
    const [snapshot] = rig.backups.snapshots()
    expect(snapshot).toMatchObject({ partial: true })
    expect(snapshot?.warnings).toEqual([expect.stringContaining('data/torn.bin changed each time it was read')])
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

/** A file entry to take common fields from. */
function fileLike(entries: readonly TreeEntry[]): TreeEntry {
  const found = entries.find((entry) => entry.type === 'file')
  if (!found) throw new Error('the snapshot holds no file')
  return found
}

/** Writes a snapshot like `good`, with other entries in the site folder, as somebody who can write to the folder could. */
async function forge(repository: string, good: string, change: (entries: TreeEntry[]) => TreeEntry[]): Promise<string> {
  using storage = openStorage({ kind: 'folder', folder: repository })
  const index = await loadIndex(storage)
  const { BlobReader } = await import('./repository/blob-reader.ts')
  const { readTree } = await import('./repository/tree.ts')
  const { verified, rehearsed, pinned, appliedAt, ...snapshot } = await readSnapshot(storage, good)
  const reader = new BlobReader(storage, index)
  const entries = change([...(await readTree(reader, snapshot.tree))])
  const byName = (entry: TreeEntry) => entry.name ?? ''
  await using crew = new Crew(testRuntime(), storage.protection)
  const store = new BlobStore(storage, index, crew)
  const tree = store.put('tree', encodeTree(entries.sort((a, b) => (byName(a) < byName(b) ? -1 : 1))))
  await store.finish(async () => {})
  const id = newId('sn')
  await writeSnapshot(storage, { ...snapshot, id, tree })
  return id
}
