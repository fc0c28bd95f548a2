import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { DatabaseDefinition } from '#core/config/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { type Clock, DisposableStore, noCrashPoints, silentLogger, sourceRuntime } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import { poolSettings } from '../../../../test/support/database-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { makeDatabase } from '../../../../test/support/odd-site.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../test/support/postgres.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { databasesSchema, openDatabases } from './index.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** The databases part on a clock moved by hand, with one database that is connected. */
async function databasesRig(target: (directory: string) => DatabaseDefinition['target'], env = {}) {
  const owned = new DisposableStore()
  const folder = temporaryFolder()
  onTestFinished(async () => {
    await owned[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const own = join(folder.path, '.wheelhouse')
  const clock = new ManualClock()
  // Time-outs and looks at health are none of this: moved on by days, they would end what really takes a moment.
  const patient: Clock = {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after: (ms, action) => (ms < minute ? { [Symbol.dispose]() {} } : clock.after(ms, action)),
  }
  const common = { clock, logger: silentLogger }
  const runtime = sourceRuntime()
  const schemas = { control: [eventsSchema, jobsSchema, attentionSchema, databasesSchema], messages: [] }
  const store = owned.add(await openStore({ directory: own, schemas, runtime, ...common }))
  const database = store.control
  const state = owned.add(openStateHub(common))
  const events = owned.add(openEventLog({ database, ...common }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), ...common }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), ...common }))
  const definition = siteOf([
    serviceOf('db', {
      kind: 'builtin',
      use: 'database',
      database: { target: target(folder.path), pool: poolSettings, recover: 'ask', check: 'weekly' },
    }),
  ])
  const databases = owned.add(
    openDatabases({
      site: { directory: folder.path, own },
      definition: () => definition,
      services: () => {
        throw new Error('nothing is recovered here')
      },
      ...{ database, jobs, events, attention, runtime, state: state.slice('databases') },
      crashPoints: noCrashPoints,
      random: () => 0.5,
      ...common,
      clock: patient,
    }),
  )
  await databases.configure(definition)
  await databases.builtin.start({ service: 'db', ports: {}, bind: '127.0.0.1', data: folder.path, env })
  const copies = join(own, 'copies', 'db')
  return {
    clock,
    view: () => state.slice('databases').get('db'),
    daily: () => (existsSync(copies) ? readdirSync(copies).filter((name) => name.endsWith('.daily.db')) : []),
    /** Lets looks come, which are ten minutes apart, until something is so. */
    afterLooks: (what: string, look: () => unknown) =>
      until(
        what,
        async () => {
          await clock.advance(minute)
          return Boolean(look())
        },
        40_000,
      ),
  }
}

test('a SQLite database is copied every day from two minutes after the start, and five copies are kept', async () => {
  const { clock, view, daily, afterLooks } = await databasesRig((directory) => {
    makeDatabase(join(directory, 'app.db'), 20)
    return { engine: 'sqlite', file: join(directory, 'app.db') }
  })
  await clock.advance(minute)
  expect(daily(), 'not while services are being started').toEqual([])
  await afterLooks('the first copy', () => daily().length === 1)
  const [first] = daily()
  for (let copies = 2; copies <= 6; copies++) {
    clock.jumpWall(day)
    await afterLooks(
      `the copy of day ${copies}`,
      () => daily().length === Math.min(5, copies) && view()?.recovery?.copies === Math.min(5, copies),
    )
  }
  await afterLooks('the oldest to go', () => !daily().includes(first ?? ''))
})

describe('PostgreSQL', () => {
  const missing = needsPostgres()
  let server: PostgresServer
  beforeAll(async () => {
    if (!missing) server = await postgresServer()
  })
  afterAll(async () => {
    if (!missing) await server[Symbol.asyncDispose]()
  })

  test('is asked every week whether it works, and never copied', async () => {
    const { clock, view, daily, afterLooks } = await databasesRig(() => ({ engine: 'postgres', url: server.url }), {
      PGPASSWORD: server.password,
    })
    await afterLooks('the first check', () => view()?.lastCheck?.ok)
    const before = view()?.lastCheck?.at ?? 0
    clock.jumpWall(7 * day)
    await afterLooks('the next', () => (view()?.lastCheck?.at ?? 0) > before)
    expect(daily()).toEqual([])
  })
})
