import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Order, ServiceControl } from '#core/coordinator/index.ts'
import type { CrashPoints } from '#core/platform/index.ts'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { copyTree, noise } from '../../../../test/support/odd-site.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'
import { until } from '../../../../test/support/until.ts'

const cause = { type: 'operator', via: 'command line' } as const

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data'), { recursive: true })
  mkdirSync(join(site, 'code'))
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(site, 'code', 'api.mjs'), noise(200_000))
  writeFileSync(join(site, 'data', 'notes.txt'), 'notes')
  return { site, repository: join(folder, 'backups') }
}

/** Services that note what is asked of them. */
class Asked implements ServiceControl {
  readonly asked: string[] = []
  running = ['broker', 'api']
  refuse: { service: string; reason: string }[] = []
  notStarting: { service: string; reason: string }[] = []
  onStop: () => void = () => {}

  async start(services: readonly string[] | 'all', order: Order) {
    this.asked.push(`start ${services} for ${order.operation?.slice(0, 3)}`)
    this.running = services === 'all' ? [] : [...services]
    return { done: [], failed: this.notStarting }
  }

  async stop(services: readonly string[] | 'all', order: Order) {
    this.asked.push(`stop ${services} for ${order.operation?.slice(0, 3)}`)
    if (this.refuse.length === 0) this.running = []
    this.onStop()
    return { done: [], failed: this.refuse }
  }

  wanted() {
    return this.running
  }

  /** Who ordered each to stop, where it was somebody else. */
  readonly stopOrders = new Map<string, string>()

  stopOrder(service: string) {
    return this.stopOrders.get(service) ?? null
  }
}

describe('services around a restore', () => {
  test('are stopped before the restore point, started after site.yaml was read again, and only those that ran', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    await using rig = await openBackupRig({
      site,
      folder: repository,
      services,
      afterSwap: async () => void services.asked.push(`read ${existsSync(join(site, 'code', 'api.mjs'))}`),
    })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    // Written by a service after the plan was made and before it was stopped: in the restore point all the same.
    services.onStop = () => writeFileSync(join(site, 'data', 'late.txt'), 'written at the last moment')
    expect((await rig.backups.plan(null)).services).toEqual(['broker', 'api'])

    expect(await rig.restore()).toMatchObject({ state: 'completed' })

    expect(services.asked).toEqual(['stop all for jb-', 'read true', 'start broker,api for jb-'])
    expect(existsSync(join(site, 'data', 'late.txt'))).toBe(false)
    services.onStop = () => {}
    await rig.undo()
    expect(readFileSync(join(site, 'data', 'late.txt'), 'utf8')).toBe('written at the last moment')
    expect((await rig.events.page({ limit: 50, kind: 'restore.' })).events.map(({ kind }) => kind)).toEqual([
      'restore.undone',
      'restore.completed',
    ])
  })

  test('stay stopped where somebody ordered that while the restore ran, and its end says so', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    await using rig = await openBackupRig({ site, folder: repository, services })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    services.onStop = () => services.stopOrders.set('api', 'jb-person')
    expect(await rig.restore()).toMatchObject({
      state: 'completed',
      message: expect.stringContaining('Not started again, because that was ordered while the restore ran: api.'),
    })
    expect(services.asked).toEqual(['stop all for jb-', 'start broker for jb-'])
  })

  test('are watched afterwards: one that does not become healthy is named with its reason, on a card too, and Undo is offered', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    const plain = siteOf([serviceOf('broker'), serviceOf('api')])
    const definition = { ...plain, backup: { ...plain.backup, watchMs: 1_500 } }
    await using rig = await openBackupRig({ site, folder: repository, services, definition: () => definition })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    const found = (id: string, health: string, reason: string) => ({ id, wanted: true, health, reason }) as never
    rig.state.slice('services').set('broker', found('broker', 'healthy', ''))
    rig.state.slice('services').set('api', found('api', 'unhealthy', 'Its port does not answer.'))
    expect(await rig.restore()).toMatchObject({
      state: 'completed',
      message: expect.stringMatching(/Not healthy since: api \(Its port does not answer\)\. .*Undo goes back/),
      data: { unwell: [{ service: 'api', reason: 'Its port does not answer.' }] },
    })
    expect(rig.attention.open().map(({ id }) => id)).toContain('restore-health')
    expect(rig.backups.overview().undo).not.toBeNull()
    // Undo is the way out that was offered, and it takes the card back when all is well.
    rig.state.slice('services').set('api', found('api', 'healthy', ''))
    expect(await rig.undo()).toMatchObject({ state: 'completed', data: { unwell: [] } })
    expect(existsSync(join(site, 'code', 'api.mjs'))).toBe(false)
    expect(rig.attention.open().map(({ id }) => id)).not.toContain('restore-health')
  })

  test('that cannot be stopped end the restore before anything is touched, and run again', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    await using rig = await openBackupRig({ site, folder: repository, services })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    const before = listTree(site)
    services.refuse = [{ service: 'api', reason: 'it does not react' }]
    expect(await rig.restore()).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('api (it does not react)'),
    })
    expect(services.asked).toEqual(['stop all for jb-', 'start broker,api for jb-'])
    expect(differences(before, listTree(site))).toEqual([])
    expect(rig.backups.overview().undo).toBeNull()
  })

  test('that do not start again are named, with Undo offered', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    await using rig = await openBackupRig({ site, folder: repository, services })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    services.notStarting = [{ service: 'api', reason: 'port 8101 is in use' }]
    expect(await rig.restore()).toMatchObject({
      state: 'completed',
      message: expect.stringContaining('port 8101 is in use'),
    })
    const card = rig.attention.open().find(({ id }) => id === 'restore-services')
    expect(card?.fixes.map(({ action }) => action.type)).toEqual(['start-all', 'undo'])
  })
})

describe('a swap that fails in the middle', () => {
  test('is taken back whole, and the services run again', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    let renames = 0
    const crashPoints: CrashPoints = {
      reach(point) {
        if (point === 'restore.swap-entry' && ++renames === 3) throw new Error('EIO: the disk does not answer')
      },
    }
    await using rig = await openBackupRig({ site, folder: repository, services, crashPoints })
    await rig.backUp()
    writeFileSync(join(site, 'code', 'api.mjs'), 'damaged')
    writeFileSync(join(site, 'data', 'notes.txt'), 'newer')
    writeFileSync(join(site, 'extra'), 'extra')
    const before = listTree(site)
    expect(await rig.restore()).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('Everything was put back as it was'),
    })
    expect(renames).toBe(3)
    expect(differences(before, listTree(site))).toEqual([])
    expect(services.asked.at(-1)).toBe('start broker,api for jb-')
    expect(readdirSync(join(site, '.wheelhouse', 'swap'))).toEqual([])
    expect(rig.backups.overview().undo).toBeNull()
    renames = 10
    expect(await rig.restore()).toMatchObject({ state: 'completed' })
  })
})

describe('what no snapshot covers', () => {
  test('stays where it is: what is excluded, and sockets', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    mkdirSync(join(site, 'data', 'cache', 'deep'), { recursive: true })
    writeFileSync(join(site, 'data', 'cache', 'deep', 'kept'), 'not in any backup')
    const plain = siteOf([])
    const definition = { ...plain, backup: { ...plain.backup, exclude: ['data/cache', '**/*.tmp'] } }
    await using rig = await openBackupRig({ site, folder: repository, definition: () => definition })
    const socket = createServer().listen(join(site, 'data', 'socket'))
    await once(socket, 'listening')
    try {
      const snapshot = await rig.backUp()
      expect(rig.backups.snapshots()[0]).toMatchObject({
        partial: false,
        warnings: ['data/socket is a socket and was left out.'],
      })
      writeFileSync(join(site, 'data', 'notes.txt'), 'changed')
      writeFileSync(join(site, 'code', 'scratch.tmp'), 'temporary')
      unlinkSync(join(site, 'code', 'api.mjs'))
      const plan = await rig.backups.plan(snapshot)
      expect(plan).toMatchObject({ add: 1, change: 1, delete: 0 })
      await rig.restore(snapshot, plan.fingerprint)
      expect(readFileSync(join(site, 'data', 'notes.txt'), 'utf8')).toBe('notes')
      expect(readFileSync(join(site, 'data', 'cache', 'deep', 'kept'), 'utf8')).toBe('not in any backup')
      expect(readFileSync(join(site, 'code', 'scratch.tmp'), 'utf8')).toBe('temporary')
      expect(existsSync(join(site, 'data', 'socket'))).toBe(true)
    } finally {
      socket.close()
    }
  })
})

describe('a restore that is called off', () => {
  test('before the swap leaves the site as it was; in the swap it is refused', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    await using rig = await openBackupRig({ site, folder: repository, services })
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    const before = listTree(site)
    let job = ''
    services.onStop = () => void rig.jobs.cancel(job, cause)
    job = (await rig.backups.restore({ snapshot: null, fingerprint: null, cause })).job
    expect(await rig.jobs.finished(job)).toMatchObject({ state: 'cancelled' })
    expect(differences(before, listTree(site))).toEqual([])
    expect(services.asked.at(-1)).toBe('start broker,api for jb-')
    expect(readdirSync(join(site, '.wheelhouse', 'staging'))).toEqual([])
  })

  test('by closing the site is left to the next opening', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const services = new Asked()
    const closing: { rig?: AsyncDisposable; closed?: Promise<void> } = {}
    const crashPoints: CrashPoints = {
      reach(point) {
        if (point === 'restore.intent-written') closing.closed = Promise.resolve(closing.rig?.[Symbol.asyncDispose]())
      },
    }
    const rig = await openBackupRig({ site, folder: repository, services, crashPoints })
    closing.rig = rig
    await rig.backUp()
    unlinkSync(join(site, 'code', 'api.mjs'))
    await rig.backups.restore({ snapshot: null, fingerprint: null, cause })
    await until('the site is closed', async () => closing.closed?.then(() => true))
    expect(existsSync(join(site, 'code', 'api.mjs'))).toBe(true)
    expect(services.asked).toEqual(['stop all for jb-'])
    await using next = await openBackupRig({ site, folder: repository })
    await next.backups.recover(next.jobs.interrupted)
    expect(next.backups.owedServices()).toEqual(['broker', 'api'])
    expect(readdirSync(join(site, '.wheelhouse', 'swap'))).toEqual([])
    expect(next.backups.overview().undo).not.toBeNull()
  })
})

describe('backups by schedule', () => {
  test('are taken when they are due, and old ones go by the rules', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    const plain = siteOf([])
    const definition = { ...plain, backup: { ...plain.backup, schedule: { full: null, data: '* * * * *' } } }
    const clock = new ManualClock(Date.now())
    await using rig = await openBackupRig({ site, folder: repository, definition: () => definition, clock })
    rig.backups.startSchedule()
    for (let round = 1; round <= 3; round++) {
      writeFileSync(join(site, 'data', 'notes.txt'), `round ${round}`)
      const before = rig.backups.snapshots().at(-1)?.id
      await until('the next snapshot is taken', async () => {
        await clock.advance(20_000)
        const newest = rig.backups.snapshots().at(-1)
        return newest !== undefined && newest.id !== before && rig.jobs.running().length === 0
      })
    }
    expect(rig.backups.snapshots()).toMatchObject([{ kind: 'data' }])
    expect(rig.backups.overview().nextAt).not.toBeNull()
  })
})

const mayMount = process.platform === 'linux' && process.getuid?.() === 0
const needsRoot = mayMount ? '' : ' (skipped: mounting a small disk needs root)'

/** A disk of its own of so many megabytes, unmounted with the test. */
function smallDisk(folder: string, megabytes: number): Disposable & { readonly path: string } {
  const path = join(folder, 'small')
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
  return { path, [Symbol.dispose]: () => void execFileSync('umount', [path]) }
}

describe(`a full disk${needsRoot}`, () => {
  test.skipIf(!mayMount)('is noticed before a backup begins', async () => {
    using folder = temporaryFolder()
    const { site } = places(folder.path)
    writeFileSync(join(site, 'data', 'large.bin'), noise(65_000_000))
    using small = smallDisk(folder.path, 64)
    await using rig = await openBackupRig({ site, folder: join(small.path, 'backups') })
    const { job } = await rig.backups.create({ kind: 'full', note: '', cause })
    expect(await rig.jobs.finished(job)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('MB are free'),
    })
    expect(rig.backups.snapshots()).toEqual([])
    expect(rig.attention.open().map(({ id }) => id)).toContain('backup-failed')
  })

  test.skipIf(!mayMount)('is noticed before a restore writes anything, and the site goes on as it is', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    writeFileSync(join(site, 'data', 'large.bin'), noise(40_000_000))
    using small = smallDisk(folder.path, 150)
    copyTree(site, small.path)
    const there = join(small.path, 'site')
    await using rig = await openBackupRig({ site: there, folder: repository })
    await rig.backUp()
    writeFileSync(join(there, 'data', 'notes.txt'), 'changed')
    const { bavail, bsize } = statfsSync(small.path)
    writeFileSync(join(there, 'data', 'fills'), Buffer.alloc(bavail * bsize - 60_000_000))
    const before = listTree(there)
    expect(await rig.restore()).toMatchObject({ state: 'failed', message: expect.stringContaining('MB are free') })
    expect(differences(before, listTree(there))).toEqual([])
  })

  test.skipIf(!mayMount)('in the middle of a backup ends it with a sentence, and the next one works', async () => {
    using folder = temporaryFolder()
    const { site } = places(folder.path)
    writeFileSync(join(site, 'data', 'large.bin'), noise(60_000_000))
    using small = smallDisk(folder.path, 130)
    await using rig = await openBackupRig({ site, folder: join(small.path, 'backups') })
    const { job } = await rig.backups.create({ kind: 'full', note: '', cause })
    await until('the first pack is written', () => {
      const packs = join(small.path, 'backups', 'packs')
      return existsSync(packs) && readdirSync(packs).some((name) => name.endsWith('.pack'))
    })
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${join(small.path, 'more')} bs=1M 2>/dev/null || true`])
    expect(await rig.jobs.finished(job)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('disk is full'),
    })
    expect(rig.backups.snapshots()).toEqual([])
    unlinkSync(join(small.path, 'more'))
    await rig.backUp()
    expect(rig.backups.snapshots()).toMatchObject([{ partial: false, verified: { ok: true } }])
  })
})
