import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { type PostgresServer, postgresPrograms, postgresServer } from '../../../../test/support/postgres.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { databaseProbe } from './database-probe.ts'

const probe = databaseProbe({ runtime: testRuntime(), clock: systemClock() })
const limits = { timeoutMs: 20_000 }
const sqlite = (file: string, tables: readonly string[] = []) =>
  probe({ type: 'sqlite', file, tables }, { service: 'api', password: null }, limits)

describe('a look at a SQLite database', () => {
  it('passes with its tables, and names those that are missing', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'app.db')
    new Sqlite(file).exec('CREATE TABLE note (text TEXT); CREATE VIEW notes AS SELECT * FROM note').close()
    expect(await sqlite(file, ['note', 'notes'])).toMatchObject({
      ok: true,
      sentence: expect.stringMatching(/^app\.db answers in \d+(\.\d)? m?s, 2 tables$/),
    })
    expect(await sqlite(file, ['note', 'desk', 'user'])).toMatchObject({
      ok: false,
      sentence: 'app.db answers, but has no tables desk, user',
    })
  })

  it('fails on a file that is missing, and makes none; and on one that is no database', async () => {
    using folder = temporaryFolder()
    const missing = join(folder.path, 'gone.db')
    const first = await sqlite(missing)
    expect(first).toMatchObject({ ok: false, sentence: expect.stringContaining('is not there') })
    expect(await sqlite(missing)).toMatchObject({ ok: false, sentence: first.sentence })
    const text = join(folder.path, 'text.db')
    writeFileSync(text, 'not a database, but long enough to be read as one. '.repeat(20))
    expect(await sqlite(text)).toMatchObject({ ok: false, sentence: expect.stringMatching(/^text\.db is damaged/) })
  })
})

describe.skipIf(postgresPrograms() === null)('a look at a PostgreSQL database', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await postgresServer()
    server.psql('CREATE TABLE note (id int); ALTER TABLE note OWNER TO app')
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const ask = (url: string, password: string | null, tables: readonly string[] = []) =>
    probe({ type: 'postgres', url, tables }, { service: 'api', password }, limits)

  it('passes with its tables; fails for a wrong password, a missing table, and a server that is not there', async () => {
    expect(await ask(server.url, server.password, ['note'])).toMatchObject({ ok: true })
    expect(await ask(server.url, server.password, ['desk'])).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('has no table desk'),
    })
    const wrong = await ask(server.url, 'wrong')
    expect(wrong).toMatchObject({ ok: false, sentence: expect.stringContaining('lets nobody in') })
    expect(wrong.sentence).not.toContain('wrong')
    const [port = 0] = await freePorts(1)
    expect(await ask(`postgres://app@127.0.0.1:${port}/app`, null)).toMatchObject({ ok: false })
    expect(await ask('postgres://127.0.0.1/app', null)).toMatchObject({ ok: false })
  })
})
