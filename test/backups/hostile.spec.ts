import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { type BackupRig, openBackupRig } from '../support/backup-rig.ts'
import { temporaryFolder } from '../support/folders.ts'
import { noise } from '../support/odd-site.ts'
import { differences, type ListedEntry, listTree } from '../support/tree-listing.ts'
import { type Claim, Forger, sha256 } from './forge.ts'
import { complaint } from './proof.ts'

/** Each hostile snapshot comes into the same repository; none may change the site or anything beside it. */
let folder: ReturnType<typeof temporaryFolder>
let rig: BackupRig
let forger: Forger
let good: string
let site: string
let before: Map<string, ListedEntry>

beforeAll(async () => {
  folder = temporaryFolder()
  site = join(folder.path, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(folder.path, 'outside'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'data', 'notes.txt'), 'kept by nobody else')
  rig = await openBackupRig({ site, folder: join(folder.path, 'backups'), own: join(folder.path, 'own') })
  good = await rig.backUp()
  forger = new Forger(join(folder.path, 'backups'), good)
  before = listTree(site)
})

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const look = { size: 1, mtime: '0', ctime: '0', inode: '1' }
const rights = { mode: 0o644, uid: 0, gid: 0, user: null, group: null, mtime: '1700000000000000000' }
const link = (name: string, target: string) => ({ type: 'link', name, ...rights, target })
const fileOf = (id: string, size: number, more: object = {}) => ({
  type: 'file',
  name: 'x',
  ...rights,
  size,
  chunks: [id],
  look: { ...look, size },
  ...more,
})
const content = () => forger.blob('data', Buffer.from('x'))
const folderOf = (name: string, tree: string) => ({ type: 'folder', name, ...rights, mode: 0o755, tree })

/** The snapshot is refused in a sentence, by the plan or by the restore, and nothing has changed. Resolves with the sentence. */
async function refused(snapshot: string): Promise<string> {
  await rig.backups.pin(good, true)
  let sentence = ''
  try {
    await rig.backups.plan(snapshot)
    const ended = await rig.restore(snapshot)
    expect(ended.state).toBe('failed')
    sentence = ended.message ?? ''
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    sentence = error.message
  }
  expect(complaint(sentence)).toEqual([])
  expect(differences(before, listTree(site))).toEqual([])
  expect(readdirSync(folder.path).sort()).toEqual(['backups', 'outside', 'own', 'site'])
  expect(readdirSync(join(folder.path, 'outside'))).toEqual([])
  expect(readdirSync(join(site, '.wheelhouse', 'staging')).length).toBe(0)
  return sentence
}

beforeAll(() => {
  // A first restore makes the folders of restores.
  mkdirSync(join(site, '.wheelhouse', 'staging'), { recursive: true })
})

test.each([
  ['an absolute path', [link('/etc/passwd', 'x')]],
  ['a path upwards', [link('..', 'x')]],
  ['a path upwards behind a name', [link('data/../../outside/x', 'x')]],
  ['a zero byte', [link('a\0b', 'x')]],
  ['an empty name', [link('', 'x')]],
  ['no name at all', [{ type: 'link', ...rights, target: 'x' }]],
  ['a name of 256 bytes', [link('n'.repeat(256), 'x')]],
  ['a name of a megabyte', [link('n'.repeat(1_000_000), 'x')]],
  ["the console's own folder", [link('.wheelhouse', 'x')]],
  ["the console's own folder in other letters", [link('.WheelHouse', 'x')]],
  ['one name twice', [link('a', 'x'), link('a', 'y')]],
  ['one name twice, once in base64', [link('a', 'x'), { ...link('a', 'y'), name: undefined, name64: 'YQ==' }]],
  ['names out of order', [link('b', 'x'), link('a', 'x')]],
  ['a device', [{ ...link('a', 'x'), type: 'device', major: 1, minor: 3 }]],
  ['a pipe', [{ ...link('a', 'x'), type: 'pipe' }]],
  ['a mode that is none', [{ ...link('a', 'x'), mode: 0o100_644 }]],
  ['a mode that is a text', [{ ...link('a', 'x'), mode: 'rw' }]],
  ['an owner of 1e308', [{ ...link('a', 'x'), uid: 1e308 }]],
  ['a time that is a number', [{ ...link('a', 'x'), mtime: 1e308 }]],
  ['an entry that is nothing', [null]],
  ['an entry that is a list', [[[]]]],
])('a listing with %s is refused', async (_, entries) => {
  expect(await refused(forger.snapshot({ tree: forger.tree(entries) }))).not.toBe('')
})

test('a folder and a link of one name cannot be planted in one another', async () => {
  const inside = forger.tree([fileOf(content(), 1)])
  const twice = [link('data', join(folder.path, 'outside')), folderOf('data', inside)]
  expect(await refused(forger.snapshot({ tree: forger.tree(twice) }))).toContain('must not be restored')
})

test.each([
  ['no JSON', Buffer.from('not JSON')],
  ['JSON that is nested 200,000 deep', Buffer.from('['.repeat(200_000))],
  [
    'an entry that is nested 50,000 deep',
    Buffer.from(`{"format":1,"entries":[${'{"tree":'.repeat(50_000)}1${'}'.repeat(50_000)}]}`),
  ],
  ['another format', Buffer.from('{"format":7,"entries":[]}')],
  ['no list', Buffer.from('{"format":1,"entries":{"length":1e308}}')],
])('a listing that is %s is refused', async (_, bytes) => {
  expect(await refused(forger.snapshot({ tree: forger.blob('tree', bytes) }))).toContain('listing')
})

test('a listing that claims to be its own folder is refused', async () => {
  const id = sha256('itself')
  forger.blob('tree', Buffer.from(JSON.stringify({ format: 1, entries: [folderOf('a', id)] })), { id })
  expect(await refused(forger.snapshot({ tree: id }))).toContain('changed since it was written')
})

test('a listing that holds itself a billion times over by way of a few others is refused', async () => {
  let tree = forger.tree(Array.from({ length: 9 }, (_, at) => link(`l${at}`, 'x')))
  // Ten times as many entries with each of them.
  for (let level = 0; level < 9; level++) {
    const inside = tree
    tree = forger.tree(Array.from({ length: 9 }, (_, at) => folderOf(`f${at}`, inside)))
  }
  expect(await refused(forger.snapshot({ tree }))).toContain('more than')
})

test('folders in one another, deeper than any path can be, are refused', async () => {
  let tree = forger.tree([fileOf(content(), 1)])
  for (let level = 0; level < 3_000; level++) tree = forger.tree([folderOf('deeper', tree)])
  expect(await refused(forger.snapshot({ tree }))).not.toBe('')
})

test.each<[string, Claim]>([
  ['claims four gigabytes and holds a few bytes', { length: 0xffff_ffff, codec: 'zstd' }],
  ['claims four gigabytes as they are', { length: 0xffff_ffff, stored: 0xffff_ffff }],
  ['claims less than it unpacks to', { length: 10, codec: 'zstd' }],
  ['lies behind the end of its pack', { offset: 0xffff_fff0 }],
])('a piece that %s is refused, and takes no memory', async (_, claim) => {
  const bytes = Buffer.alloc(50_000_000)
  const id = forger.blob('data', bytes, claim)
  const used = process.memoryUsage().rss
  const told = await refused(forger.snapshot({ tree: forger.tree([fileOf(id, claim.length ?? bytes.length)]) }))
  expect(told).not.toBe('')
  expect(process.memoryUsage().rss - used).toBeLessThan(500_000_000)
})

test('a file that claims to be short and is made of one piece a million times fills no disk', async () => {
  const id = forger.blob('data', noise(1_000_000))
  const file = { ...fileOf(id, 1_000_000), chunks: Array.from({ length: 100_000 }, () => id) }
  expect(await refused(forger.snapshot({ tree: forger.tree([file]) }))).toContain('x')
})

test.each([
  ['a size of 1e308', { size: 1e308 }],
  ['a size below zero', { size: -1 }],
  ['a size that is not whole', { size: 1.5 }],
  ['pieces that are no list', { chunks: 'all' }],
  ['pieces that are not there', { chunks: [sha256('nowhere')] }],
])('a file with %s is refused', async (_, fields) => {
  expect(await refused(forger.snapshot({ tree: forger.tree([fileOf(content(), 1, fields)]) }))).not.toBe('')
})

test.each([
  ['a time of 1e308', { at: 1e308 }],
  ['a time below zero', { at: -1e300 }],
  ['a size of 1e308', { bytes: 1e308, added: 1e308, files: 1e21 }],
  ['a scope that is none', { scope: 'machine' }],
  ['another id', { id: 'sn-0000000000000000' }],
  ['a tree that is no id', { tree: '../../etc/passwd' }],
])('a record with %s breaks nothing', async (_, fields) => {
  const id = forger.snapshot(fields)
  await rig.backups.pin(good, true)
  expect(rig.backups.snapshots().map((snapshot) => snapshot.id)).toContain(good)
  for (const snapshot of rig.backups.snapshots()) expect(() => new Date(snapshot.at).toISOString()).not.toThrow()
  rmSync(join(folder.path, 'backups', 'snapshots', `${id}.json`), { force: true })
})

test.each([
  ['no JSON', 'rubbish'],
  ['nested 200,000 deep', '['.repeat(200_000)],
  ['null', 'null'],
])('a record that is %s is told of by its name', async (_, line) => {
  const id = forger.record('sn-00000000000000zz', line)
  await rig.backups.pin(good, true)
  expect(rig.backups.snapshots().map((snapshot) => snapshot.id)).toContain(good)
  expect(rig.backups.overview().note).toContain(id)
  expect(complaint(rig.backups.overview().note ?? '')).toEqual([])
  rmSync(join(folder.path, 'backups', 'snapshots', `${id}.json`))
})

test('a link that was planted where a restore stages its files is not followed', async () => {
  writeFileSync(join(site, 'data', 'notes.txt'), 'changed')
  const changed = listTree(site)
  const staging = join(site, '.wheelhouse', 'staging')
  rmSync(staging, { recursive: true })
  symlinkSync(join(folder.path, 'outside'), staging)
  const ended = await rig.restore(good)
  expect(ended).toMatchObject({ state: 'failed', message: expect.stringContaining('is not a folder') })
  expect(complaint(ended.message ?? '')).toEqual([])
  expect(existsSync(join(folder.path, 'outside'))).toBe(true)
  expect(readdirSync(join(folder.path, 'outside'))).toEqual([])
  expect(differences(changed, listTree(site))).toEqual([])
})
