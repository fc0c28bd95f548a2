import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import { type SiteDefinition, variablesOf } from '#core/config/index.ts'
import { databaseProbe } from '#core/databases/index.ts'
import { dependenciesSchema, openDependencies } from '#core/dependencies/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { FileLooks } from '#core/health/index.ts'
import { DisposableStore, mountOf, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import { dependencyOf } from '../../../../test/support/dependency-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { reference, serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { checkList, openVerification, verificationEventKinds } from './index.ts'
import type { CheckFinding, ListedCheck } from './types.ts'

/** The list of checks on a site in a temporary folder. `clock` is the one by which rounds follow each other. */
async function rig(
  define: (directory: string) => Partial<SiteDefinition>,
  { serves = false, more = [] }: { readonly serves?: boolean; readonly more?: readonly ListedCheck[] } = {},
) {
  const owned = new DisposableStore()
  const directory = owned.add(temporaryFolder()).path
  const [real, logger, runtime] = [systemClock(), silentLogger, testRuntime()]
  const clock = new ManualClock()
  const schemas = { control: [eventsSchema, attentionSchema, dependenciesSchema], messages: [] }
  const folder = join(directory, '.wheelhouse')
  const store = owned.add(await openStore({ directory: folder, schemas, runtime, clock: real, logger }))
  const database = store.control
  const events = owned.add(openEventLog({ database, clock: real, logger }))
  const state = owned.add(openStateHub({ clock: real, logger }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), clock: real, logger }))
  const definition: SiteDefinition = { ...siteOf([]), ...define(directory) }
  const secrets = (name: string) => {
    if (name === 'THERE') return 'value'
    throw new Error(`The secret ${name} is not there.`)
  }
  const dependencies = owned.add(
    openDependencies({
      site: { directory },
      database,
      events,
      attention,
      state: state.slice('dependencies'),
      runtime,
      clock: real,
      logger,
      secrets,
      key: 'of the spec',
      serves,
    }),
  )
  await dependencies.configure(definition)
  let known = true
  const list = async () =>
    known
      ? [
          ...checkList({
            definition,
            variables: variablesOf(directory, directory),
            secrets,
            state,
            databases: databaseProbe({ runtime, clock: real }),
            askDependency: (id, signal) => dependencies.ask(id, signal),
            looks: new FileLooks({ clock: real, mountOf }),
            factsOf: () => ({ latest: () => null, figure: () => null }),
            clock: real,
            environment: { PATH: process.env.PATH ?? '' },
            markOf: (check) => `run-lab-${check}.check-1`,
          }),
          ...more,
        ]
      : null
  const verification = owned.add(openVerification({ list, state, events, attention, clock, logger }))
  return {
    directory,
    clock,
    state,
    events,
    verification,
    cards: () => attention.open().map(({ id, title }) => `${id}: ${title}`),
    know: (whether: boolean) => {
      known = whether
    },
    /** What each check found. */
    async found() {
      const { checks } = await verification.run()
      return Object.fromEntries(checks.map(({ id, state: found, sentence }) => [id, `${found}: ${sentence}`]))
    },
    /** What the faults of each failed check of the last round are about. */
    about() {
      const checks = state.slice('verification').get('verification')?.checks ?? []
      return Object.fromEntries(
        checks.flatMap(({ id, state: found, about }) => (found === 'failed' ? [[id, about]] : [])),
      )
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

test('a site with nothing in it has nothing to check, and that is said of each of the seven', async () => {
  await using site = await rig(() => ({}))
  const view = await site.verification.run()
  expect(view).toMatchObject({ passed: 0, total: 0, running: false, sentence: '0 of 0 checks passed.' })
  expect(view.checks.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'environment skipped',
    'files skipped',
    'templates skipped',
    'database-connection skipped',
    'database-schema skipped',
    'external-api skipped',
    'routes skipped',
  ])
})

test('each of the seven passes where all is there, and names what is wrong where it is not', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/broken' ? 500 : 200
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const [nobody = 0] = await freePorts(1)
  const page = { page: `http://127.0.0.1:${port}/` }
  await using site = await rig(() => ({
    services: siteOf([
      serviceOf('api', { env: { A: 'a', B: reference('secrets.THERE') }, pages: page }),
      serviceOf('db', {
        kind: 'builtin',
        use: 'database',
        run: [],
        database: {
          target: { engine: 'sqlite', file: 'data/site.db' },
          pool: { size: 1, overflow: 0, recycleMs: 1, timeoutMs: 1, statementMs: 1, ping: true },
          recover: 'ask',
          check: 'off',
          backup: true,
          admin: null,
        },
      }),
    ]).services,
    dependencies: { api: dependencyOf('api', `http://127.0.0.1:${port}`) },
  }))
  writeFileSync(join(site.directory, 'api.mjs'), '')
  mkdirSync(join(site.directory, 'templates', 'mail'), { recursive: true })
  writeFileSync(join(site.directory, 'templates', 'mail', 'new.html'), '<p>')
  mkdirSync(join(site.directory, 'data'))
  new Sqlite(join(site.directory, 'data', 'site.db')).exec('CREATE TABLE note (text TEXT)').close()
  site.state.slice('services').set('api', { state: 'running', wanted: true } as never)
  expect(await site.verification.run()).toMatchObject({ passed: 7, total: 7, sentence: '7 of 7 checks passed.' })
  expect(site.cards()).toEqual([])

  rmSync(join(site.directory, 'api.mjs'))
  writeFileSync(join(site.directory, 'templates', 'mail', 'old.html'), '')
  rmSync(join(site.directory, 'data', 'site.db'))
  new Sqlite(join(site.directory, 'data', 'site.db')).exec('PRAGMA user_version = 1').close()
  page.page = `http://127.0.0.1:${port}/broken`
  await using worse = await rig(() => ({
    services: siteOf([serviceOf('api', { env: { B: reference('secrets.GONE'), C: 'c' } })]).services,
    dependencies: { api: dependencyOf('api', `http://127.0.0.1:${nobody}`) },
  }))
  expect(await site.found()).toMatchObject({
    files: expect.stringMatching(/^failed: The script .*api\.mjs of service api is missing\.$/),
    templates: expect.stringMatching(/^failed: .*old\.html is empty\.$/),
    'database-connection': expect.stringMatching(/^passed: /),
    'database-schema': 'failed: db: it is empty, there is no table in it.',
    routes: expect.stringMatching(/^failed: Page page of api: 500 in [\d.]+ m?s/),
  })
  expect(site.about()).toEqual({
    files: [],
    templates: [],
    'database-schema': ['database:db'],
    routes: ['service:api'],
  })
  const route = { id: 'acks', on: true, refused: 'The filter is not one.', lastError: 'The filter is not one.' }
  worse.state.slice('routes').set('acks', route as never)
  worse.state.slice('routes').set('desks', { id: 'desks', on: true, refused: null, lastError: 'one payload' } as never)
  expect(await worse.found()).toMatchObject({
    routes: 'failed: Route acks is not loaded: The filter is not one.',
    environment: 'failed: B of api: The secret GONE is not there.',
    'external-api': `failed: api: connection refused at 127.0.0.1:${nobody}.`,
  })
  expect(worse.about()).toMatchObject({ routes: ['route:acks'], environment: [], 'external-api': ['dependency:api'] })
})

test('an API outside is asked where its own check asks: below its address, and at no other host', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.statusCode = request.url?.startsWith('/v1/') ? 200 : 404
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`
  const dependency = (id: string, path: string) =>
    dependencyOf(id, url, { check: { path, status: null, everyMs: 30_000, timeoutMs: 5_000 } })
  await using site = await rig(() => ({
    dependencies: { a: dependency('a', '/health'), b: dependency('b', '//elsewhere.invalid/x') },
  }))
  expect((await site.found())['external-api']).toMatch(/^passed: a: it answered with 200\./)
  expect(seen.sort()).toEqual(['/v1//elsewhere.invalid/x', '/v1/health'])
})

test.each([true, false])(
  'an API outside that wants a login gets the one of site.yaml, in a console that serves the site (%s) and in one that looks for a moment',
  async (serves) => {
    const server = createServer((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer value' ? 200 : 401
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const check = { path: '/health', status: null, everyMs: 30_000, timeoutMs: 5_000 }
    const headers = { authorization: `Bearer \${secrets.THERE}` }
    const [good, bad] = [
      dependencyOf('model', url, { check, headers }),
      dependencyOf('mail', url, { check, headers: { authorization: `\${secrets.GONE}` } }),
    ]
    await using site = await rig(() => ({ dependencies: { model: good } }), { serves })
    expect((await site.found())['external-api']).toBe('passed: model: it answered with 200.')
    await using worse = await rig(() => ({ dependencies: { mail: bad } }), { serves })
    expect((await worse.found())['external-api']).toBe('failed: mail: The secret GONE is not there.')
  },
)

test('site.yaml adds checks of every kind; a command gets no more of the environment than where programs are, and a mark by which it is found again', async () => {
  const own = (id: string, check: object) => [id, { id, title: id, of: null, check, timeoutMs: 10_000 }] as const
  await using site = await rig((directory) => ({
    checks: Object.fromEntries([
      own('there', { type: 'file', path: 'export.csv', newerMs: null }),
      own('bare', { type: 'command', run: [join(directory, 'bare.sh')] }),
    ]) as never,
  }))
  writeFileSync(
    join(site.directory, 'bare.sh'),
    '#!/bin/sh\n[ -n "$PATH" ] && [ -z "$VITEST" ] && [ "$WHEELHOUSE_RUN" = run-lab-bare.check-1 ]\n',
  )
  chmodSync(join(site.directory, 'bare.sh'), 0o700)
  expect(await site.found()).toMatchObject({
    'site:there': expect.stringContaining('failed: file'),
    'site:bare': expect.stringContaining('passed: command'),
  })
  writeFileSync(join(site.directory, 'export.csv'), '')
  expect((await site.found())['site:there']).toContain('passed')
})

test('a check that does not end is not begun again while it has not, and each round says so', async () => {
  let begun = 0
  const stuck = Promise.withResolvers<CheckFinding>()
  const run = () => {
    begun++
    return stuck.promise
  }
  await using site = await rig(() => ({}), { more: [{ id: 'stuck', title: 'Stuck', own: false, run }] })
  const first = site.verification.run()
  await until('it to be begun', () => begun === 1)
  await site.clock.advance(60_000)
  expect((await first).checks.at(-1)).toMatchObject({ state: 'failed', sentence: 'It did not end within 60 s.' })
  expect((await site.found()).stuck).toContain('It has not ended since it was begun 60 s ago')
  expect(begun).toBe(1)
  stuck.resolve({ state: 'passed', sentence: 'It is there after all.' })
  await stuck.promise
  expect((await site.found()).stuck).toBe('passed: It is there after all.')
  expect(begun).toBe(2)
})

test('a failure raises one card and one event, and both say when all is well again', async () => {
  const check = { type: 'file', path: 'flag', newerMs: null } as const
  await using site = await rig(() => ({
    checks: { flag: { id: 'flag', title: 'Flag', of: null, check, timeoutMs: 5_000 } },
  }))
  const kinds = async () => {
    await site.events.settled()
    const { events } = await site.events.page({ limit: 50, order: 'oldest' })
    return events.map(({ kind }) => kind).filter((kind) => kind.startsWith('verification.'))
  }
  await site.verification.run()
  await site.verification.run()
  expect(site.cards()).toEqual(['verification: 1 of 1 checks failed: Flag'])
  expect(await kinds()).toEqual([verificationEventKinds.failed])
  writeFileSync(join(site.directory, 'flag'), '')
  await site.verification.run()
  expect(site.cards()).toEqual([])
  expect(await kinds()).toEqual([verificationEventKinds.failed, verificationEventKinds.passed])
})

test('a start that not every service got through is followed by a round as well', async () => {
  await using site = await rig(() => ({}))
  const cause = { type: 'console', why: 'a spec' } as const
  const failed = {
    kind: 'job.failed',
    subject: 'job:jb-1',
    severity: 'error',
    message: 'One is not there.',
    cause,
  } as const
  site.state.slice('services').set('api', { state: 'failed', wanted: true } as never)
  await site.events.record({ ...failed, data: { kind: 'services.start' } })
  await until('the order to check', () => site.clock.waiting > 0)
  // A list that cannot be made now does not end the rounds.
  site.know(false)
  await site.clock.advance(1_000)
  site.know(true)
  await site.clock.advance(30_000)
  await until('a round', () => site.state.slice('verification').get('verification') !== undefined)
})

test('rounds follow a start and each other while something is wanted, sooner after a failure, and nothing runs before', async () => {
  const check = { type: 'file', path: 'flag', newerMs: null } as const
  await using site = await rig(() => ({
    checks: { flag: { id: 'flag', title: 'Flag', of: null, check, timeoutMs: 5_000 } },
  }))
  const view = () => site.state.slice('verification').get('verification')
  await site.clock.advance(3_600_000)
  expect(view()).toBeUndefined()

  const cause = { type: 'console', why: 'a spec' } as const
  const started = { kind: 'job.completed', subject: 'job:jb-1', severity: 'info', message: 'Started.', cause } as const
  site.state.slice('services').set('api', { state: 'running', wanted: true } as never)
  await site.events.record({ ...started, data: { kind: 'services.start-all' } })
  await until('the order to check', () => site.clock.waiting > 0)
  const round = async (afterMs: number) => {
    const before = view()?.at ?? null
    await site.clock.advance(afterMs)
    await until('a round', () => view()?.running === false && (view()?.at ?? null) !== before)
    return view()?.passed
  }
  expect(await round(1_000)).toBe(0)
  writeFileSync(join(site.directory, 'flag'), '')
  expect(await round(30_000)).toBe(1)
  await site.clock.advance(290_000)
  expect(view()?.running).toBe(false)
  expect(await round(10_000)).toBe(1)
  site.state.slice('services').set('api', { state: 'stopped', wanted: false } as never)
  const last = view()?.at
  await site.clock.advance(3_600_000)
  expect(view()?.at).toBe(last)
  site.know(false)
  await expect(site.verification.run()).rejects.toThrow('nothing to check')
})
