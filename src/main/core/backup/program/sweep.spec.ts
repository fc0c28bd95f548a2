import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemOwners } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { noise } from '../../../../../test/support/odd-site.ts'
import { testRuntime } from '../../../../../test/support/runtime.ts'
import { runBackup } from './backup-run.ts'
import { type Engine, openEngine } from './engine.ts'
import { runVerify } from './maintenance.ts'
import { runForget, runPrune } from './sweep.ts'

const hour = 3_600_000

async function withEngine<T>(folder: string, use: (engine: Engine) => Promise<T>): Promise<T> {
  const hello = {
    target: { kind: 'folder' as const, folder: join(folder, 'backups') },
    site: { id: 'bench', name: 'Bench', directory: join(folder, 'site') },
    databaseCopy: testRuntime().program('database-copy'),
    crew: testRuntime().program('backup-crew'),
  }
  const ports = {
    runtime: testRuntime(),
    owners: systemOwners(),
    platform: process.platform,
    progress() {},
    reach: async () => {},
  }
  await using engine = await openEngine(hello, ports, { what: 'a spec', create: true })
  return await use(engine)
}

const backUp = (folder: string) =>
  withEngine(folder, async (engine) => {
    const request = { kind: 'full', scope: 'site', note: '', exclude: [], job: 'jb-1', before: null } as const
    return (await runBackup(engine, { ...request, exclude: [] })).snapshot
  })

test('what no snapshot needs goes a day after that was noticed, and what one needs stays', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'kept.bin'), noise(400_000, 1))
  const first = await backUp(folder.path)
  writeFileSync(join(site, 'gone.bin'), noise(900_000, 2))
  const second = await backUp(folder.path)
  unlinkSync(join(site, 'gone.bin'))
  const third = await backUp(folder.path)
  const packs = () => readdirSync(join(folder.path, 'backups', 'packs')).length
  const forget = (snapshots: string[], now: number) =>
    withEngine(folder.path, (engine) => runForget(engine, { snapshots }, now))
  const now = Date.now()
  expect(packs()).toBe(2)

  expect(await forget([second], now)).toMatchObject({ packs: 0, bytes: 0 })
  expect(await forget([], now + 23 * hour)).toMatchObject({ packs: 0, bytes: 0 })
  // A clock that was wrong for a while neither hurries the sweep nor stops it for ever.
  expect(await forget([], now - 9_000 * hour)).toMatchObject({ packs: 0, bytes: 0 })
  expect(await forget([], now + 25 * hour)).toMatchObject({ packs: 1, bytes: expect.any(Number) })

  expect(packs()).toBe(1)
  for (const id of [first, third]) {
    const verified = await withEngine(folder.path, (engine) => runVerify(engine, { snapshot: id }))
    expect(verified.ok).toBe(true)
  }
})

test('a pack that is mostly waste is written anew without it, and every snapshot stays whole', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'kept.bin'), noise(600_000, 1))
  writeFileSync(join(site, 'gone.bin'), noise(900_000, 2))
  const first = await backUp(folder.path)
  unlinkSync(join(site, 'gone.bin'))
  const second = await backUp(folder.path)
  const bytes = () => {
    const packs = join(folder.path, 'backups', 'packs')
    return readdirSync(packs).reduce((sum, name) => sum + statSync(join(packs, name)).size, 0)
  }
  const prune = (now: number, dryRun = false) => withEngine(folder.path, (engine) => runPrune(engine, { dryRun, now }))
  const now = Date.now()
  await withEngine(folder.path, (engine) => runForget(engine, { snapshots: [first] }, now))
  const before = bytes()
  expect(before).toBeGreaterThan(1_500_000)

  expect(await prune(now + 25 * hour, true)).toMatchObject({ packs: 0, rewritten: 1, gaveUpReserve: false })
  expect(bytes()).toBe(before)
  const done = await prune(now + 25 * hour)

  expect(done).toMatchObject({ packs: 0, rewritten: 1, notes: [] })
  expect(done.saved).toBeGreaterThan(900_000)
  expect(bytes()).toBeLessThan(700_000)
  const verified = await withEngine(folder.path, (engine) => runVerify(engine, { snapshot: second }))
  expect(verified.ok).toBe(true)
  expect(await prune(now + 50 * hour)).toMatchObject({ packs: 0, rewritten: 0, waiting: { bytes: 0 } })
})

test('a pack that is damaged is not written anew, and that is said', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'kept.bin'), noise(600_000, 1))
  writeFileSync(join(site, 'gone.bin'), noise(900_000, 2))
  const first = await backUp(folder.path)
  unlinkSync(join(site, 'gone.bin'))
  await backUp(folder.path)
  const now = Date.now()
  await withEngine(folder.path, (engine) => runForget(engine, { snapshots: [first] }, now))
  const packs = join(folder.path, 'backups', 'packs')
  const [pack] = readdirSync(packs).toSorted((a, b) => statSync(join(packs, b)).size - statSync(join(packs, a)).size)
  const content = readFileSync(join(packs, pack ?? ''))
  for (let at = 100_000; at < content.length - 100_000; at += 1_000) content[at] = (content[at] ?? 0) ^ 1
  chmodSync(join(packs, pack ?? ''), 0o600)
  writeFileSync(join(packs, pack ?? ''), content)

  const done = await withEngine(folder.path, (engine) => runPrune(engine, { dryRun: false, now: now + 25 * hour }))

  expect(done).toMatchObject({ rewritten: 0, notes: [expect.stringContaining('left as it is')] })
  expect(readdirSync(packs)).toContain(pack)
})

test('nothing is swept while a snapshot cannot be read', async () => {
  using folder = temporaryFolder()
  const site = join(folder.path, 'site')
  mkdirSync(site)
  writeFileSync(join(site, 'site.yaml'), noise(50_000))
  const id = await backUp(folder.path)
  const file = join(folder.path, 'backups', 'snapshots', `${id}.json`)
  const text = readFileSync(file, 'utf8')
  unlinkSync(file)
  writeFileSync(file, text.replace('bench', 'bunch'))
  for (const days of [0, 2, 4]) {
    const swept = await withEngine(folder.path, (engine) =>
      runForget(engine, { snapshots: [] }, Date.now() + days * 24 * hour),
    )
    expect(swept.packs).toBe(0)
  }
})
