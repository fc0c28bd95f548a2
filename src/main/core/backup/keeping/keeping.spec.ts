import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { noise } from '../../../../../test/support/odd-site.ts'
import { siteOf } from '../../../../../test/support/site-definition.ts'
import { smallDisk } from '../../../../../test/support/small-disk.ts'

const hour = 3_600_000
const day = 24 * hour
const operator: Cause = { type: 'operator', via: 'command line' }
const schedule: Cause = { type: 'schedule', name: 'full backup' }
const holder = fileURLToPath(new URL('../../../../../test/support/repository-holder.program.ts', import.meta.url))
const rules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

/** The system's clock, set forward or back. */
class ShiftedClock implements Clock {
  readonly #clock = systemClock({ keepAlive: true })
  shift = 0

  wall(): number {
    return this.#clock.wall() + this.shift
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  after(ms: number, action: () => void): Disposable {
    return this.#clock.after(ms, action)
  }
}

function sampleSite(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  writeFileSync(join(site, 'data', 'kept.bin'), noise(300_000, 1))
  return site
}

async function openRig(folder: string, keep = { ...rules, last: 1 }, repository = join(folder, 'backups')) {
  const clock = new ShiftedClock()
  const definition = siteOf([])
  const rig = await openBackupRig({
    site: sampleSite(folder),
    folder: repository,
    clock,
    definition: () => ({ ...definition, backup: { ...definition.backup, keep } }),
  })
  const ended = async ({ job }: { readonly job: string }) => rig.jobs.finished(job)
  return { rig, clock, keeping: rig.backups.keeping, ended, site: join(folder, 'site') }
}

/** Takes snapshots, each after a change. Resolves with their ids. */
async function snapshots(rig: Awaited<ReturnType<typeof openRig>>, count: number, bytes = 400_000) {
  const ids: string[] = []
  for (let nth = 0; nth < count; nth++) {
    writeFileSync(join(rig.site, 'data', 'changing.bin'), noise(bytes, 10 + nth))
    ids.push(await rig.rig.backUp())
  }
  return ids
}

const cards = (rig: Awaited<ReturnType<typeof openRig>>) => rig.rig.attention.open().map(({ id }) => id)

describe('the rules of keeping', () => {
  test('say beforehand what goes, why the rest stays, and what that frees; then do exactly that', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    const [first = '', second = '', third = ''] = await snapshots(opened, 3)
    await opened.rig.backups.pin(first, true)

    const preview = await opened.keeping.preview(null)
    expect(preview).toMatchObject({
      remove: [second],
      held: null,
      sentence: expect.stringContaining('1 of 3 snapshots go'),
    })
    expect(preview.reasons[third]).toEqual(['the newest verified one', 'kept as one of the last 1 (1)'])
    expect(preview.reasons[first]).toEqual(['pinned'])
    expect(preview.bytes).toBeGreaterThan(390_000)
    const other = await opened.keeping.preview({ ...rules, last: 2 })
    expect(other.remove).toEqual([])
    expect(opened.rig.state.slice('keeping').get('keeping')).toMatchObject({ remove: [second] })

    const view = await opened.ended(await opened.keeping.apply(preview.remove, operator))
    expect(view).toMatchObject({ state: 'completed' })
    expect(opened.rig.backups.snapshots().map(({ id }) => id)).toEqual([first, third])
  })

  test('are not applied when something else would go than what was shown, nor when they keep nothing', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    await snapshots(opened, 2)
    await expect(opened.keeping.apply([], operator)).rejects.toMatchObject({ problem: { code: 'retention-changed' } })
    await expect(opened.keeping.preview(rules)).rejects.toMatchObject({ problem: { code: 'retention-empty' } })
    expect(opened.rig.backups.snapshots().length).toBe(2)
  })

  test('remove nothing while the clock stands before the newest snapshot, and a card says so', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    await snapshots(opened, 2)
    opened.clock.shift = -2 * day
    await opened.rig.backups.create({ kind: 'full', note: '', cause: schedule }).then(opened.ended)
    expect(opened.rig.backups.snapshots().length).toBe(3)
    expect(cards(opened)).toContain('backup-clock')
    expect(opened.keeping.plan()?.held).toContain('clock')
    opened.clock.shift = 0
    await opened.rig.backups.create({ kind: 'full', note: '', cause: schedule }).then(opened.ended)
    expect(opened.rig.backups.snapshots().length).toBe(1)
    expect(cards(opened)).not.toContain('backup-clock')
  })
})

describe('a snapshot deleted by hand', () => {
  test('goes, and what only it needed is freed a day later', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path, { ...rules, last: 10 })
    await using _ = opened.rig
    const [first = ''] = await snapshots(opened, 2)
    const plan = await opened.keeping.planRemoval(first)
    expect(plan).toMatchObject({ refused: null, bytes: expect.any(Number) })
    await opened.ended(await opened.keeping.remove(first, operator))
    expect(opened.rig.backups.snapshots().length).toBe(1)
    await opened.ended(await opened.keeping.prune(operator))
    opened.clock.shift = 25 * hour
    const view = await opened.ended(await opened.keeping.prune(operator))
    expect(view.data).toMatchObject({ rewritten: 1, notes: [] })
    expect(view.message).toContain('were freed')
  })

  test('is refused for the newest verified one and for one that is pinned', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    const [first = '', second = ''] = await snapshots(opened, 2)
    await opened.rig.backups.pin(first, true)
    await expect(opened.keeping.remove(second, operator)).rejects.toMatchObject({ problem: { code: 'snapshot-kept' } })
    await expect(opened.keeping.remove(first, operator)).rejects.toMatchObject({ problem: { code: 'snapshot-kept' } })
    expect((await opened.keeping.planRemoval(second)).refused).toContain('newest verified')
  })
})

describe('a prune', () => {
  test('is refused while a backup runs, in this console and in another process', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    await snapshots(opened, 1)
    const running = await opened.rig.backups.create({ kind: 'full', note: '', cause: operator })
    await expect(opened.keeping.prune(operator)).rejects.toMatchObject({ problem: { code: 'job-busy' } })
    await opened.ended(running)

    const other = spawn(process.execPath, [holder, join(folder.path, 'backups')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => other.stdout.once('data', resolve))
    const view = await opened.ended(await opened.keeping.prune(operator))
    expect(view).toMatchObject({ state: 'failed', message: expect.stringContaining(`process ${other.pid}`) })
    const backup = await opened.rig.backups.create({ kind: 'full', note: '', cause: operator }).then(opened.ended)
    expect(backup.state).toBe('failed')
    expect(opened.rig.attention.open().find(({ id }) => id === 'backup-held')?.why).toContain(`process ${other.pid}`)
    const gone = new Promise((resolve) => other.once('exit', resolve))
    other.kill('SIGKILL')
    await gone
    await opened.rig.backUp()
    expect(cards(opened)).not.toContain('backup-held')
  })

  test('works on a full disk: the reserve is given up for it and made anew afterwards', async (context) => {
    using folder = temporaryFolder()
    using disk = smallDisk((reason) => context.skip(reason), folder.path, 80)
    const repository = join(disk.path, 'backups')
    const opened = await openRig(folder.path, { ...rules, last: 10 }, repository)
    await using _ = opened.rig
    const [first = ''] = await snapshots(opened, 2, 4_000_000)
    const reserve = join(repository, 'reserve.bin')
    expect(statSync(reserve).size).toBeGreaterThanOrEqual(1024 * 1024)
    await opened.ended(await opened.keeping.remove(first, operator))
    await opened.ended(await opened.keeping.prune(operator))
    disk.fill(0)
    opened.clock.shift = 25 * hour

    const full = await opened.rig.backups.create({ kind: 'full', note: '', cause: operator }).then(opened.ended)
    expect(full).toMatchObject({ state: 'failed', message: expect.stringContaining('free') })
    const view = await opened.ended(await opened.keeping.prune(operator))

    expect(view).toMatchObject({ state: 'completed', data: { gaveUpReserve: true } })
    expect(Number(view.data.bytes) + Number(view.data.saved)).toBeGreaterThan(3_900_000)
    expect(view.message).toContain('kept in reserve was given up')
    expect(readdirSync(repository)).toContain('reserve.bin')
    disk.empty()
  })
})

describe('a site that shrinks', () => {
  test('is told, keeps its large snapshots, and is left alone once somebody says that it is right', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    const [large = ''] = await snapshots(opened, 1, 2_000_000)
    unlinkSync(join(opened.site, 'data', 'changing.bin'))
    const small = await opened.rig.backUp()
    expect(cards(opened)).toContain('backup-shrunk:full')
    expect(opened.keeping.plan()?.remove).toEqual([])

    await opened.keeping.acceptShrink(small, operator)
    expect(cards(opened)).not.toContain('backup-shrunk:full')
    expect(opened.keeping.plan()?.remove).toEqual([large])
    await expect(opened.keeping.acceptShrink(small, operator)).rejects.toMatchObject({
      problem: { code: 'shrink-unknown' },
    })
  })
})

describe('what is left out', () => {
  test('are caches, by name and by tag, and what site.yaml says; it can be looked at beforehand', async () => {
    using folder = temporaryFolder()
    const opened = await openRig(folder.path)
    await using _ = opened.rig
    mkdirSync(join(opened.site, 'data', '.cache'))
    writeFileSync(join(opened.site, 'data', '.cache', 'thumb'), noise(5_000))
    mkdirSync(join(opened.site, 'data', 'odd [name]'))
    writeFileSync(
      join(opened.site, 'data', 'odd [name]', 'CACHEDIR.TAG'),
      'Signature: 8a477f597d28d172789f06886806bc55\n# made by a spec',
    )
    writeFileSync(join(opened.site, 'data', 'odd [name]', 'big'), noise(9_000))

    const found = await opened.keeping.leftOut('full')
    expect(found.entries).toMatchObject([
      { path: 'data/odd [name]', rule: 'CACHEDIR.TAG', files: 2 },
      { path: 'data/.cache', rule: '**/.cache', files: 1, bytes: 5_000 },
    ])
    expect(found.taken).toMatchObject({ files: 2 })
    const id = await opened.rig.backUp()
    expect(opened.rig.backups.snapshots().find((each) => each.id === id)?.files).toBe(2)
    // A restore leaves alone what a snapshot left out.
    const plan = await opened.rig.backups.plan(id)
    expect([plan.add, plan.change, plan.delete]).toEqual([0, 0, 0])
  })
})
