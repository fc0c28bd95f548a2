import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databasesRig } from '../../../../test/support/databases-rig.ts'
import { makeDatabase } from '../../../../test/support/odd-site.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../test/support/postgres.ts'

const minute = 60_000
const day = 24 * 60 * minute

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
      env: { PGPASSWORD: server.password },
    })
    await afterLooks('the first check', () => view()?.lastCheck?.ok)
    const before = view()?.lastCheck?.at ?? 0
    clock.jumpWall(7 * day)
    await afterLooks('the next', () => (view()?.lastCheck?.at ?? 0) > before)
    expect(daily()).toEqual([])
  })
})
