import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import type { JobView, SiteView } from '#shared/contract/state.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { cleanedLines, orphanLine, removeOldTemporaries, removeStaleSockets } from './clean-up.ts'
import { configurationLines } from './configuration-lines.ts'
import { judge, type Measured, measure } from './preflight.ts'
import { StartupBoard } from './startup-board.ts'

const well: Measured = {
  node: '24.21.0',
  wall: Date.UTC(2026, 0, 5),
  memory: { available: 2e9, total: 4e9 },
  openFiles: 65_536,
  disks: [{ what: 'the site', path: '/srv/lab', free: 40e9 }],
  folders: [{ what: 'the site', path: '/srv/lab', state: 'writable', open: null }],
}
const lineOf = (id: string, change: Partial<Measured>) => judge({ ...well, ...change }).find((line) => line.id === id)

test('a machine with which all is well passes', () => {
  expect(new Set(judge(well).map(({ state }) => state))).toEqual(new Set(['passed']))
})

test.each([
  ['node', { node: '20.11.0' }, 'failed', 'too old'],
  ['disk', { disks: [{ what: 'the site', path: '/srv/lab', free: 5e8 }] }, 'warned', 'Only 500 MB free'],
  ['disk', { disks: [{ what: 'the site', path: '/srv/lab', free: 5e7 }] }, 'failed', 'Make room'],
  ['disk', { disks: [{ what: 'the site', path: '/srv/lab', free: null }] }, 'warned', 'could not be told'],
  ['memory', { memory: { available: 1e8, total: 1e9 } }, 'warned', 'Only 100 MB of 1.0 GB'],
  ['memory', { memory: { available: 1e7, total: 1e9 } }, 'failed', 'End programs'],
  ['open-files', { openFiles: 256 }, 'warned', 'ulimit -n'],
  ['open-files', { openFiles: null }, 'skipped', 'no such limit'],
  ['clock', { wall: 0 }, 'warned', 'It says 1970-01-01'],
  [
    'folders',
    { folders: [{ what: 'its data', path: '/srv/lab/data', state: 'not writable', open: null }] },
    'failed',
    '/srv/lab/data (its data) cannot be written',
  ],
  [
    'folders',
    { folders: [{ what: 'the console’s own folder', path: '/home/op/wh', state: 'writable', open: true }] },
    'warned',
    'chmod 700 /home/op/wh',
  ],
] as const)('%s of %j is %s, with what to do', (id, change, state, sentence) => {
  expect(lineOf(id, change)).toMatchObject({ state, sentence: expect.stringContaining(sentence) })
})

test('folders are measured as they are: missing ones are no trouble, those that others may look into are seen', async () => {
  using folder = temporaryFolder()
  const [site, userData] = [join(folder.path, 'site'), join(folder.path, 'user')]
  await mkdir(site)
  await mkdir(userData, { mode: 0o755 })
  const found = await measure({ site, userData, openFiles: 1, wall: 0, memory: well.memory })
  expect(found.folders.map(({ state, open }) => [state, open])).toEqual([
    ['writable', null],
    ['missing', null],
    ['missing', null],
    ['missing', null],
    ['writable', true],
  ])
  expect(found.disks.every(({ free }) => free !== null && free > 0)).toBe(true)
})

test('sockets that nobody listens on are removed, those of running consoles and other files are not', async () => {
  using folder = temporaryFolder()
  const alive = createServer().listen(join(folder.path, 'alive.sock'))
  await new Promise((resolve) => alive.once('listening', resolve))
  onTestFinished(() => void alive.close())
  // What a console leaves that was killed: the name is there, and nobody behind it.
  const dead = createServer().listen(join(folder.path, 'dead.sock.before'))
  await new Promise((resolve) => dead.once('listening', resolve))
  const { rename } = await import('node:fs/promises')
  await rename(join(folder.path, 'dead.sock.before'), join(folder.path, 'dead.sock'))
  await new Promise((resolve) => dead.close(resolve))
  await writeFile(join(folder.path, 'note.txt'), '')
  expect(await removeStaleSockets(folder.path)).toEqual([join(folder.path, 'dead.sock')])
  expect((await readdir(folder.path)).sort()).toEqual(['alive.sock', 'note.txt'])
  expect(await removeStaleSockets(join(folder.path, 'no such folder'))).toEqual([])
})

test('temporary files of writes that were cut off are removed once they are old', async () => {
  using folder = temporaryFolder()
  const now = Date.now()
  for (const [name, age] of [
    ['.tmp-0123456789abcdef', 2 * 3_600_000],
    ['.tmp-fedcba9876543210', 1_000],
    ['.tmp-mine', 2 * 3_600_000],
  ] as const) {
    const path = join(folder.path, name)
    await writeFile(path, '')
    await utimes(path, (now - age) / 1_000, (now - age) / 1_000)
  }
  expect(await removeOldTemporaries([folder.path], now)).toEqual([join(folder.path, '.tmp-0123456789abcdef')])
})

test('what was cleaned up is said in numbers, processes by their services', () => {
  const [sockets, temporaries] = cleanedLines({ sockets: ['a', 'b'], temporaries: [], copies: [] })
  expect(sockets).toMatchObject({ state: 'done', sentence: '2 that nobody listens on were removed.' })
  expect(temporaries).toMatchObject({ state: 'passed', sentence: 'None were left.' })
  const orphans = orphanLine({ adopted: ['api'], stopped: ['kiosk'], gone: [] })
  expect(orphans).toMatchObject({ state: 'done', sentence: 'Taken up again: api; stopped: kiosk.' })
})

test('a port that somebody else holds is named with who holds it; services that run already hold their own', () => {
  const definition = siteOf([
    serviceOf('api', { ports: { http: 8101 } }),
    serviceOf('board', { ports: { http: 8102 } }),
  ])
  const holdersOf = (port: number) => [{ address: '0.0.0.0', port, pid: 77, command: 'nginx' }]
  const read = { valid: true, problems: [], definition, environment: 'testing', leftOut: [], holdersOf }
  const ports = (runs: readonly string[]) =>
    configurationLines({ ...read, runs: new Set(runs) }).find(({ id }) => id === 'ports')
  expect(ports([])).toMatchObject({
    state: 'failed',
    sentence: expect.stringMatching(
      /^Port 8101, .*process 77 \(nginx\)\. Stop that program \(kill 77\).* And 1 more\.$/,
    ),
  })
  expect(ports(['api', 'board'])).toMatchObject({ state: 'passed' })
})

function openBoard() {
  const clock = new ManualClock()
  const state = openStateHub({ clock, logger: silentLogger })
  const board = new StartupBoard(state, clock)
  onTestFinished(() => {
    board[Symbol.dispose]()
    state[Symbol.dispose]()
  })
  const steps = () =>
    Object.fromEntries((state.slice('startup').get('startup')?.steps ?? []).map((step) => [step.id, step.state]))
  return { board, clock, state, steps, view: () => state.slice('startup').get('startup') }
}

const job = (change: Partial<JobView>): JobView => ({
  id: 'jb-1',
  kind: 'services.start',
  subject: 'site',
  title: 'Start all services',
  state: 'running',
  startedAt: 4e12,
  endedAt: null,
  steps: [{ id: 'one', title: 'Core', state: 'running', startedAt: null, endedAt: null }],
  progress: null,
  cancellable: true,
  noReturn: null,
  commandLine: '',
  cause: { type: 'console', why: '' },
  message: null,
  remedy: null,
  data: {},
  ...change,
})

test('services and verification are followed as they happen, until both are over', async () => {
  const { board, clock, state, steps, view } = openBoard()
  await board.run('pre-flight', 'Looking.', async () => judge(well))
  board.tell('clean-up', [orphanLine({ adopted: [], stopped: [], gone: [] })])
  board.tell('configuration', [{ id: 'site', title: 'site.yaml', state: 'passed', sentence: 'Valid.' }])
  board.follow()
  state.slice('jobs').set('jb-1', job({}))
  state.slice('services').set('api', { wanted: true } as never)
  await clock.advance(200)
  expect(steps()).toEqual({
    'pre-flight': 'done',
    'clean-up': 'done',
    configuration: 'done',
    services: 'running',
    verification: 'pending',
  })
  expect(view()).toMatchObject({ state: 'running', sentence: 'Services: Core' })

  state.slice('jobs').set('jb-1', job({ state: 'completed', endedAt: 4e12 + 500, message: 'api is running.' }))
  await clock.advance(200)
  expect(steps()).toMatchObject({ services: 'done', verification: 'pending' })
  const check = { id: 'files', title: 'Files', faults: [], about: [], at: 0, ms: 1, own: false }
  const round = { at: 4e12 + 600, running: false, passed: 0, total: 1, sentence: '0 of 1 checks passed.' }
  state.slice('verification').set('verification', {
    ...round,
    checks: [{ ...check, state: 'failed', sentence: 'logo.png is missing.' }],
  })
  await clock.advance(200)
  expect(view()).toMatchObject({
    state: 'failed',
    sentence: expect.stringContaining('Not everything went well: Verification.'),
  })
  expect(view()?.endedAt).not.toBeNull()

  // A later start of one by hand is no start of the site any more.
  state.slice('jobs').set('jb-1', job({ state: 'failed', endedAt: 4e12 + 900 }))
  await clock.advance(200)
  expect(steps().services).toBe('done')
})

test('a site that waits to be trusted says so, and goes on once it is', async () => {
  const { board, clock, state, view } = openBoard()
  for (const id of ['pre-flight', 'clean-up', 'configuration'] as const) board.tell(id, [])
  board.follow()
  state
    .slice('site')
    .set('site', { trust: { fingerprint: '', commands: [] }, config: { valid: true } } as unknown as SiteView)
  await clock.advance(200)
  expect(view()).toMatchObject({ state: 'waiting', sentence: expect.stringContaining('seen and trusted') })
  state.slice('jobs').set('jb-1', job({}))
  await clock.advance(200)
  expect(view()).toMatchObject({ state: 'running' })
})

test('a start that was not asked for is skipped, with its verification', async () => {
  const { board, clock, steps, view } = openBoard()
  board.follow()
  board.skip('services', 'The site was opened without starting them.')
  await clock.advance(200)
  expect(steps()).toMatchObject({ services: 'skipped', verification: 'skipped' })
  expect(view()?.endedAt).not.toBeNull()
})

test('a look that goes wrong is a line of its step and stops nothing', async () => {
  const { board, view } = openBoard()
  await board.run('clean-up', 'Looking.', () => Promise.reject(new Error('the disk is gone')))
  expect(view()?.steps[1]).toMatchObject({ state: 'warned', sentence: expect.stringContaining('the disk is gone') })
})
