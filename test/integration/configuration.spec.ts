import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { freePorts } from '../support/ports.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

// A site whose configuration is changed, broken, taken back: what is in use is always whole, and nothing is lost.

const operator: Cause = { type: 'operator', via: 'browser' }
const good = `wheelhouse: 1
site: lab
services:
  api: { kind: external, env: { LOG: info } }
backup: { keep: { daily: 7 } }
`
let folder: ReturnType<typeof temporaryFolder>
let directory: string
let file: string
let console: Console

beforeEach(async () => {
  folder = temporaryFolder()
  directory = folder.path
  file = join(directory, 'site.yaml')
  writeFileSync(file, good)
  await open()
  const asked = console.state.slice('site').get('site')?.trust?.fingerprint ?? ''
  await site().config.trust(asked, operator)
}, 60_000)

afterEach(async () => {
  await console.close({ services: 'stop' })
  folder[Symbol.dispose]()
}, 60_000)

async function open(): Promise<void> {
  console = await openTestConsole(join(directory, 'home'))
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
}

async function openAgain(): Promise<void> {
  await console.close({ services: 'stop' })
  await open()
}

function site() {
  if (!console.site) throw new Error('A site is open.')
  return console.site
}

const daily = () => site().definition()?.backup.keep.daily
const card = (id: string) => console.state.slice('attention').get(id)

test('a value that is set counts over the file, also after a restart, until it is taken back', async () => {
  await site().versions.set('backup.keep.daily', '14', operator)
  expect(daily()).toBe(14)
  await openAgain()
  expect(daily()).toBe(14)
  const value = site()
    .config.values()
    .values.find(({ path }) => path === 'backup.keep.daily')
  expect(value).toMatchObject({ kind: 'override', value: 14 })
  expect(readFileSync(file, 'utf8')).toBe(good)
  await site().versions.unset('backup.keep', operator)
  expect(daily()).toBe(7)
  await expect(site().versions.unset('backup.keep', operator)).rejects.toMatchObject({ problem: { code: 'not-set' } })
}, 60_000)

test('what would be wrong is refused and changes nothing', async () => {
  for (const [path, value, code] of [
    ['backup.keep.daily', 'many', 'value-refused'],
    ['backup.keep.dayly', '3', 'value-refused'],
    ['services.api.env.TOKEN', 'hunter2', 'secret-in-configuration'],
    ['wheelhouse', '2', 'path-refused'],
    ['backup.folder', '/mnt', 'path-refused'],
    ['a..b', '1', 'path-refused'],
  ] as const) {
    await expect(site().versions.set(path, value, operator), path).rejects.toMatchObject({ problem: { code } })
  }
  expect(
    site()
      .config.values()
      .values.filter(({ kind }) => kind === 'override'),
  ).toEqual([])
  expect(daily()).toBe(7)
})

test('each version that was in use is kept, compared, and can be put back', async () => {
  writeFileSync(file, good.replace('daily: 7', 'daily: 9'))
  await site().reload(operator)
  await site().reload(operator) // the same again is no version
  await site().versions.set('backup.keep.weekly', '2', operator)
  const [newest, second, first, ...more] = site().versions.list()
  expect(more).toEqual([])
  expect([newest?.inUse, second?.inUse, first?.inUse]).toEqual([true, false, false])
  expect(newest?.why).toBe('backup.keep.weekly was set')
  expect(await site().versions.compare(first?.id ?? 0, second?.id ?? 0)).toEqual([
    { path: 'backup.keep.daily', what: 'changed', before: 7, after: 9, hidden: false },
  ])
  expect(await site().versions.compare(second?.id ?? 0, null)).toMatchObject([
    { path: 'backup.keep.weekly', what: 'added' },
  ])
  await site().versions.restore(first?.id ?? 0, operator)
  expect(readFileSync(file, 'utf8')).toBe(good)
  expect(daily()).toBe(7)
  expect(site().definition()?.backup.keep.weekly).toBe(4)
  await expect(site().versions.restore(999, operator)).rejects.toMatchObject({ problem: { code: 'version-unknown' } })
})

test.each([
  ['corrupt', () => writeFileSync(file, 'wheelhouse: 1\nsite: [\n')],
  ['missing', () => rmSync(file)],
])(
  'a %s site.yaml at the opening: the last good version is used, said loudly, and put back on request',
  async (_what, damage) => {
    await site().versions.set('backup.keep.daily', '12', operator)
    await console.close({ services: 'stop' })
    damage()
    await open()
    expect(site().id).toBe('lab')
    expect(daily()).toBe(12)
    expect(console.state.slice('site').get('site')?.config.valid).toBe(false)
    expect(card('site-yaml-invalid')).toMatchObject({
      severity: 'error',
      title: 'site.yaml cannot be used; the last good version is in use instead',
    })
    expect(card('site-yaml-invalid')?.fixes).toContainEqual({
      label: 'Put the last good version back',
      action: { type: 'restore-config' },
    })
    await site().versions.restore(null, operator)
    expect(readFileSync(file, 'utf8')).toBe(good)
    expect(card('site-yaml-invalid')).toBeUndefined()
  },
  60_000,
)

test('without an earlier version the console runs with its defaults, and says so', async () => {
  await console.close({ services: 'stop' })
  rmSync(join(directory, '.wheelhouse'), { recursive: true })
  writeFileSync(file, 'site: [')
  await open()
  expect(site().definition()).toBeNull()
  expect(card('site-yaml-invalid')?.title).toBe('site.yaml has mistakes; nothing can be started')
})

test('a change that a part refuses is undone in the others, and what was set is not kept', async () => {
  const refuse = vi.spyOn(site().messaging, 'configure').mockRejectedValueOnce(new Error('no room'))
  const changed = good.replace('backup:', 'routes: { r: { from: a/#, to: [ { channel: c } ] } }\nbackup:')
  writeFileSync(file, `${changed}store: { control: 99MB }\n`)
  await expect(site().reload(operator)).rejects.toMatchObject({ problem: { code: 'config-undone' } })
  expect(site().store.limits.control).toBe(1024 ** 3)
  expect(refuse).toHaveBeenCalledTimes(2)
  expect(card('config-undone')?.why).toContain('messaging refused it: no room')
  await site().reload(operator)
  expect(site().store.limits.control).toBe(99 * 1024 ** 2)
  expect(card('config-undone')).toBeUndefined()
  refuse.mockRejectedValueOnce(new Error('no room'))
  await expect(site().versions.set('routes.r.on', 'off', operator)).rejects.toMatchObject({
    problem: { code: 'config-undone' },
  })
  expect(
    site()
      .config.values()
      .values.filter(({ kind }) => kind === 'override'),
  ).toEqual([])
  expect(site().definition()?.routes.r?.on).toBe(true)
})

const service = `import { createServer } from 'node:http'
if (process.env.MODE === 'bad') process.exit(1)
const server = createServer((_request, response) => response.end(process.env.MODE))
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

/** A site with a service that runs, and answers with what its environment says. */
async function withService() {
  const [port = 0] = await freePorts(1)
  mkdirSync(join(directory, 'services'))
  writeFileSync(join(directory, 'services', 'web.mjs'), service)
  const text = (mode: string, more = '') => `wheelhouse: 1
site: lab
${more}
services:
  api: { kind: external }
  web:
    kind: node
    run: services/web.mjs
    ports: { http: ${port} }
    env: { PORT: "\${ports.http}", MODE: ${mode} }
    restart: { policy: never }
    startup: { http: "http://127.0.0.1:\${ports.http}/", every: 50ms, within: 30s }
`
  const trustAll = async () => {
    const asked = console.state.slice('site').get('site')?.trust?.fingerprint
    if (asked !== undefined) await site().config.trust(asked, operator)
  }
  // Every change of a command has to be trusted: of each of the three that come.
  for (const mode of ['two', 'bad', 'one']) {
    writeFileSync(file, text(mode))
    await site().reload(operator)
    await trustAll()
  }
  const { job } = await site().services.start(['web'], operator)
  await site().jobs.finished(job)
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text()
  return { text, answer }
}

test('a change on disk that touches no service is applied by itself; one that does asks, and restarts those alone', async () => {
  const { text, answer } = await withService()
  expect(await answer()).toBe('one')
  const pid = () => console.state.slice('services').get('web')?.pid
  const first = pid()
  writeFileSync(file, text('one', 'store: { control: 99MB }'))
  await until('the change to be taken over', () => site().store.limits.control === 99 * 1024 ** 2, 60_000)
  expect(pid()).toBe(first)
  writeFileSync(file, text('two', 'store: { control: 98MB }'))
  await until('the card', () => card('config-pending') !== undefined, 60_000)
  expect(card('config-pending')?.why).toBe('This restarts web. Also changed: store.')
  expect(site().store.limits.control, 'nothing of it is applied').toBe(99 * 1024 ** 2)
  const plan = await site().config.plan()
  expect(plan.changes.map(({ path }) => path).sort()).toEqual(['services.web.env.MODE', 'store.control'])
  const { job } = await site().config.apply(operator, 'the test')
  await site().jobs.finished(job ?? '')
  expect(await answer()).toBe('two')
  expect(site().store.limits.control).toBe(98 * 1024 ** 2)
  expect(card('config-pending')).toBeUndefined()
  // What was only read again is in use, and a service that runs without it is known as such.
  writeFileSync(file, text('one', 'store: { control: 98MB }'))
  await site().reload(operator)
  expect(await answer()).toBe('two')
  expect((await site().config.plan()).touch).toMatchObject({ restarts: ['web'], sections: [] })
  const again = await site().config.apply(operator, 'the test')
  await site().jobs.finished(again.job ?? '')
  expect(await answer()).toBe('one')
  expect((await site().config.plan()).touch?.sentence).toBe('Nothing changes.')
}, 120_000)

test('when a service does not come up with a change, all of it is undone and the service runs as before', async () => {
  const { text, answer } = await withService()
  writeFileSync(file, text('bad', 'store: { control: 99MB }\nreload: { watch: off }'))
  const { job } = await site().config.apply(operator, 'the test')
  expect((await site().jobs.finished(job ?? '')).state).toBe('failed')
  expect(await answer()).toBe('one')
  expect(site().store.limits.control).toBe(1024 ** 3)
  expect(card('config-undone')?.why).toMatch(/^web refused it: /)
}, 120_000)

test('a broken file on disk changes nothing and raises the card; the mended one clears it', async () => {
  writeFileSync(file, good.replace('backup:', 'bakup:'))
  await until('the card', () => card('site-yaml-invalid') !== undefined, 60_000)
  expect(daily()).toBe(7)
  writeFileSync(file, good.replace('daily: 7', 'daily: 8'))
  await until('the card to go', () => card('site-yaml-invalid') === undefined, 60_000)
  expect(daily()).toBe(8)
}, 120_000)
