import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Site } from '#core/site.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { lookIntoDatabase, makeDatabase } from '../support/odd-site.ts'
import { freePorts } from '../support/ports.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

// Each action of recovery as a whole job, ordered by a person, on one site with a real broker, a real database and real services.

const operator = { type: 'operator', via: 'command line' } as const
const folder = temporaryFolder()
const directory = join(folder.path, 'site')
const file = join(directory, 'data', 'app.db')
let console: Console
let site: Site

beforeAll(async () => {
  const [mqtt = 0] = await freePorts(1)
  for (const path of ['services', 'data/state/api', 'data/cache/deep', '.wheelhouse/copies/db'])
    mkdirSync(join(directory, path), { recursive: true, mode: 0o700 })
  makeDatabase(file, 30)
  execFileSync('cp', [file, join(directory, '.wheelhouse', 'copies', 'db', '2026-01-05T08-30-00-000Z.daily.db')])
  writeFileSync(
    join(directory, 'services', 'idle.mjs'),
    "setInterval(() => {}, 1000)\nprocess.on('SIGTERM', () => process.exit(0))\n",
  )
  const policy = (step: string) => `{ when: service.failed, of: api, for: 1h, do: [ ${step} ] }`
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: ${mqtt} } }
  db: { kind: builtin, use: database, database: { sqlite: data/app.db } }
  api: { kind: node, run: services/idle.mjs, needs: { broker: ready, db: ready } }
  lone: { kind: node, run: services/idle.mjs }
routes:
  all: { from: lab/#, to: [ { journal: 1d } ] }
recovery:
  anew: ${policy('reconnect')}
  base: ${policy('restore-database')}
  whole: { machine: "cpu > 1000", do: [ recover-site ] }
  caches: ${policy('{ clear-cache: [ data/cache ] }')}
  corrupt: ${policy('{ reset-corrupt: [ data/state/api ] }')}
  restart-unhealthy: off
`,
  )
  console = await openTestConsole(folder.path)
  await console.openInitial({ site: directory, otherwise: 'none', start: true })
  const { fingerprint } = console.state.slice('site').get('site')?.trust ?? {}
  if (!console.site || fingerprint === undefined)
    throw new Error('the site is not open, or runs without having been asked about')
  site = console.site
  await site.trust(fingerprint, operator)
  await allRun()
})

afterAll(async () => {
  await console?.close({ services: 'stop' })
  folder[Symbol.dispose]()
})

const view = (id: string) => console.state.slice('services').get(id)

const allRun = () =>
  until('all to run', () => {
    const views = Object.values(console.state.slice('services').all())
    return views.length === 4 && views.every(({ state }) => state === 'running') && site.jobs.running().length === 0
  })

/** Orders the step of a policy; resolves with its job, ended, and what its attempt became. */
async function ordered(policy: string) {
  const { job } = await site.recovery.run({ policy, subject: null }, operator)
  const ended = await site.jobs.finished(job)
  const [attempt] = site.recovery.history({ policy, limit: 1 }).attempts
  return { ...ended, result: attempt?.result, of: attempt?.job === job }
}

it('reconnect lets the router go and connects it anew, and starts the databases that the service needs anew', async () => {
  const before = view('db')?.startedAt ?? 0
  const pid = view('api')?.pid
  const newest = async (kind: string) => {
    await site.events.settled()
    return (await site.events.page({ kind, limit: 1 })).events[0]?.seq
  }
  const connected = await until('the router to be connected', () => newest('router.connected'))
  expect(await ordered('anew')).toMatchObject({
    state: 'completed',
    message: 'Connected anew: the router, db.',
    result: 'done',
    of: true,
  })
  // It is away for a moment that the shown state, told four times a second, may not show.
  await until('the router', async () => {
    const left = await newest('router.disconnected')
    return left !== undefined && left > connected && ((await newest('router.connected')) ?? 0) > left
  })
  await until('db', () => view('db')?.state === 'running' && (view('db')?.startedAt ?? 0) > before)
  await allRun()
  expect(view('api')?.pid, 'what uses the database goes on').toBe(pid)
})

it('restore-database puts the newest good copy in the place of a damaged database, with what needs it stopped meanwhile', async () => {
  const sound = await ordered('base')
  expect(sound).toMatchObject({ state: 'completed', message: expect.stringContaining('nothing was touched') })
  const pid = view('api')?.pid
  // By another process: closing the file here would drop the locks that a connection holds on it.
  execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=4096', 'count=1', 'conv=notrunc'], { stdio: 'pipe' })
  expect(await ordered('base')).toMatchObject({
    state: 'completed',
    message: expect.stringContaining('took the place of'),
    result: 'done',
  })
  await allRun()
  expect(lookIntoDatabase(file)).toEqual({ rows: 30, sound: true })
  expect(view('api')?.pid).not.toBe(pid)
})

it('recover-site stops everything and starts again what was wanted, not what a person had stopped', async () => {
  const { job } = await site.services.stop(['lone'], operator)
  await site.jobs.finished(job)
  const before = view('api')?.pid
  const done = await ordered('whole')
  expect(done).toMatchObject({ state: 'completed', result: 'done' })
  expect(done.message).toContain('The whole site was stopped and started again: broker, db, api.')
  expect(view('api')).toMatchObject({ state: 'running' })
  expect(view('api')?.pid).not.toBe(before)
  expect(view('lone')).toMatchObject({ state: 'stopped', wanted: false })
  await site.events.settled()
  const { events } = await site.events.page({ kind: 'service.started', limit: 50 })
  const started = events.filter(({ operation }) => operation === done.id).map(({ subject }) => subject)
  expect(started.toSorted()).toEqual(['service:api', 'service:broker', 'service:db'])
  await site.jobs.finished((await site.services.start(['lone'], operator)).job)
})

it('clear-cache empties the cache and keeps its folder; where there is nothing it says so', async () => {
  writeFileSync(join(directory, 'data', 'cache', 'one'), 'x')
  writeFileSync(join(directory, 'data', 'cache', 'deep', 'two'), 'x')
  expect(await ordered('caches')).toMatchObject({ message: 'data/cache cleared: 2 removed.', result: 'done' })
  expect(readdirSync(join(directory, 'data', 'cache'))).toEqual([])
  expect(await ordered('caches')).toMatchObject({ message: 'The caches were empty.', result: 'nothing' })
})

it('reset-corrupt sets aside only what cannot be read, while the service stands still, and starts it again', async () => {
  const state = join(directory, 'data', 'state', 'api')
  writeFileSync(join(state, 'good.json'), '{"desk": 1}')
  expect(await ordered('corrupt')).toMatchObject({ result: 'nothing', message: 'No state was found to be corrupt.' })
  writeFileSync(join(state, 'cut.json'), '{"desk": ')
  const pid = view('api')?.pid
  const done = await ordered('corrupt')
  expect(done).toMatchObject({ state: 'completed', result: 'done' })
  const [aside = ''] = readdirSync(join(directory, '.wheelhouse', 'set-aside'))
  expect(done.message).toBe(`data/state/api/cut.json set aside in .wheelhouse/set-aside/${aside}.`)
  expect(readFileSync(join(directory, '.wheelhouse/set-aside', aside, 'data/state/api/cut.json'), 'utf8')).toBe(
    '{"desk": ',
  )
  expect([existsSync(join(state, 'good.json')), existsSync(join(state, 'cut.json'))]).toEqual([true, false])
  await allRun()
  expect(view('api')?.pid).not.toBe(pid)
})
