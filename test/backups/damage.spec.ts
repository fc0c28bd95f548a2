import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BackupRig, openBackupRig } from '../support/backup-rig.ts'
import { temporaryFolder } from '../support/folders.ts'
import { noise } from '../support/odd-site.ts'
import { differences, listTree } from '../support/tree-listing.ts'

const cause = { type: 'operator', via: 'command line' } as const

interface World {
  readonly site: string
  readonly folder: string
  readonly full: string
  /** A later snapshot of the data alone, which needs nothing that the full one wrote. */
  readonly data: string
  /** The pack and the index of the full snapshot. */
  readonly pack: string
  readonly index: string
}

async function makeWorld(folder: string): Promise<World> {
  const site = join(folder, 'site')
  const repository = join(folder, 'backups')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(site, 'code'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'code', 'api.mjs'), noise(200_000))
  writeFileSync(join(site, 'data', 'notes.txt'), 'first')
  await using rig = await openBackupRig({ site, folder: repository })
  const full = await rig.backUp()
  const [pack = ''] = readdirSync(join(repository, 'packs'))
  const [index = ''] = readdirSync(join(repository, 'index'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n# second\n')
  writeFileSync(join(site, 'data', 'notes.txt'), 'second')
  const data = await rig.backUp('data')
  return {
    site,
    folder: repository,
    full,
    data,
    pack: join(repository, 'packs', pack),
    index: join(repository, 'index', index),
  }
}

type Damage = (file: string) => void
const flip =
  (at: (size: number) => number): Damage =>
  (file) => {
    const bytes = readFileSync(file)
    const place = at(bytes.length)
    bytes[place] = (bytes[place] ?? 0) ^ 4
    chmodSync(file, 0o600)
    writeFileSync(file, bytes)
  }
const half: Damage = (file) => {
  chmodSync(file, 0o600)
  truncateSync(file, Math.floor(readFileSync(file).length / 2))
}
const empty: Damage = (file) => {
  chmodSync(file, 0o600)
  truncateSync(file, 0)
}
const gone: Damage = (file) => unlinkSync(file)

async function verify(rig: BackupRig, snapshot: string) {
  const { job } = await rig.backups.verify({ snapshot, cause })
  const { state, message } = await rig.jobs.finished(job)
  return { state, message }
}

/** The site's code is lost, and a restore of the snapshot is tried: it brings it back, or it fails and nothing is touched. */
async function restoreOrNothing(rig: BackupRig, { site, full }: World) {
  rmSync(join(site, 'code'), { recursive: true })
  const before = listTree(site)
  const ended = await rig.restore(full)
  if (ended.state === 'completed') {
    expect(readFileSync(join(site, 'code', 'api.mjs')).equals(noise(200_000))).toBe(true)
    return ended.state
  }
  expect(differences(before, listTree(site))).toEqual([])
  mkdirSync(join(site, 'code'))
  writeFileSync(join(site, 'code', 'api.mjs'), noise(200_000))
  return ended.message ?? ''
}

/** The next backup stores from the live site what the repository lacks, and that can be relied on. */
async function heals(rig: BackupRig, world: World): Promise<void> {
  writeFileSync(join(world.site, 'data', 'notes.txt'), 'third')
  const id = await rig.backUp()
  expect(rig.backups.snapshots().find((snapshot) => snapshot.id === id)).toMatchObject({
    verified: { ok: true },
    partial: false,
  })
  expect(await verify(rig, id)).toMatchObject({ state: 'completed' })
  unlinkSync(join(world.site, 'code', 'api.mjs'))
  expect(await rig.restore(id)).toMatchObject({ state: 'completed' })
  expect(readFileSync(join(world.site, 'code', 'api.mjs')).equals(noise(200_000))).toBe(true)
}

test.each<[string, Damage]>([
  ['a flipped bit in its header', flip(() => 9)],
  ['a flipped bit in a piece', flip((size) => size >> 1)],
  ['a flipped bit in a listing at its end', flip((size) => size - 48 - 48 * 8 - 20)],
  ['a flipped bit in its directory', flip((size) => size - 60)],
  ['a flipped bit in its trailer', flip((size) => size - 2)],
  ['its second half gone', half],
  ['nothing in it', empty],
  ['not being there', gone],
])(
  'a pack with %s: named by a check, no harm to the site, the rest can be restored, the next backup heals',
  async (_, damage) => {
    using folder = temporaryFolder()
    const world = await makeWorld(folder.path)
    damage(world.pack)
    await using rig = await openBackupRig(world)
    const told = await verify(rig, world.full)
    expect(told).toMatchObject({ state: 'failed', message: expect.stringMatching(/pack/) })
    const restored = await restoreOrNothing(rig, world)
    if (restored !== 'completed') expect(restored).toMatch(/pack/)
    expect(await verify(rig, world.data)).toMatchObject({ state: 'completed' })
    writeFileSync(join(world.site, 'data', 'notes.txt'), 'spoilt')
    expect(await rig.restore(world.data)).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(world.site, 'data', 'notes.txt'), 'utf8')).toBe('second')
    await heals(rig, world)
  },
)

test.each<[string, Damage]>([
  ['a flipped bit', flip((size) => size >> 1)],
  ['its second half gone', half],
  ['nothing in it', empty],
  ['not being there', gone],
])(
  'an index with %s: the packs say themselves what they hold, and the next backup writes it anew',
  async (_, damage) => {
    using folder = temporaryFolder()
    const world = await makeWorld(folder.path)
    damage(world.index)
    await using rig = await openBackupRig(world)
    expect(await verify(rig, world.full)).toMatchObject({ state: 'completed' })
    expect(await restoreOrNothing(rig, world)).toBe('completed')
    const packs = readdirSync(join(world.folder, 'packs')).length
    await heals(rig, world)
    // What the lost index named was found again and not stored a second time.
    const [snapshot] = rig.backups.snapshots().slice(-1)
    expect(readdirSync(join(world.folder, 'packs')).length).toBeLessThanOrEqual(packs + 2)
    expect(snapshot?.added).toBeLessThan(20_000)
  },
)

test.each<[string, Damage]>([
  ['a flipped bit', flip((size) => size >> 1)],
  ['its second half gone', half],
  ['nothing in it', empty],
])('a snapshot record with %s: told, not listed, and the others stay as good as they were', async (_, damage) => {
  using folder = temporaryFolder()
  const world = await makeWorld(folder.path)
  damage(join(world.folder, 'snapshots', `${world.full}.json`))
  await using rig = await openBackupRig(world)
  expect(rig.backups.overview().note).toContain(world.full)
  expect(rig.backups.snapshots().map(({ id }) => id)).toEqual([world.data])
  await expect(rig.backups.plan(world.full)).rejects.toThrow(world.full)
  expect(await verify(rig, world.data)).toMatchObject({ state: 'completed' })
  await heals(rig, world)
})

test.each<[string, Damage]>([
  ['a flipped bit', flip(() => 1)],
  ['nothing in it', empty],
  ['not being there', gone],
])('a mark with %s: the snapshot counts as unverified, and a check makes it good again', async (_, damage) => {
  using folder = temporaryFolder()
  const world = await makeWorld(folder.path)
  damage(join(world.folder, 'marks', `${world.full}.verified.json`))
  await using rig = await openBackupRig(world)
  expect(rig.backups.snapshots().find(({ id }) => id === world.full)?.verified).toBeNull()
  expect(await verify(rig, world.full)).toMatchObject({ state: 'completed' })
  expect(rig.backups.snapshots().find(({ id }) => id === world.full)?.verified?.ok).toBe(true)
})

test.each([
  ['damaged.json', 'no byte', ''],
  ['damaged.json', 'no list', '{"not": ["a list"]}'],
  ['damaged.json', 'no end', `["${'x'.repeat(100)}`],
  ['sweep.json', 'no byte', ''],
  ['sweep.json', 'a time beyond all times', `{"${'f'.repeat(64)}": 1e308}`],
  ['sweep.json', 'a list in a list 50,000 times', '['.repeat(50_000)],
])('%s with %s in it is worth nothing and breaks nothing', async (name, _, content) => {
  using folder = temporaryFolder()
  const world = await makeWorld(folder.path)
  writeFileSync(join(world.folder, name), content)
  await using rig = await openBackupRig(world)
  await heals(rig, world)
})

test.each<[string, Damage]>([
  ['a flipped bit', flip(() => 2)],
  ['nothing in it', empty],
])('config.json with %s: told with what to do, and nothing is written', async (_, damage) => {
  using folder = temporaryFolder()
  const world = await makeWorld(folder.path)
  const config = join(world.folder, 'config.json')
  const content = readFileSync(config)
  damage(config)
  const before = listTree(world.folder)
  {
    await using rig = await openBackupRig(world)
    expect(rig.backups.overview().note).toContain('config.json')
    await expect(rig.backUp()).rejects.toThrow('config.json')
    await expect(rig.backups.plan(world.full)).rejects.toThrow('config.json')
  }
  expect(differences(before, listTree(world.folder)).filter((line) => !/lock\.db|"\."/.test(line))).toEqual([])
  writeFileSync(config, content)
  await using rig = await openBackupRig(world)
  await heals(rig, world)
})

test('a config.json that is gone: snapshots are not lost by it', async () => {
  using folder = temporaryFolder()
  const world = await makeWorld(folder.path)
  unlinkSync(join(world.folder, 'config.json'))
  await using rig = await openBackupRig(world)
  await heals(rig, world)
  expect(rig.backups.snapshots().map(({ id }) => id)).toContain(world.full)
  expect(await verify(rig, world.full)).toMatchObject({ state: 'completed' })
})
