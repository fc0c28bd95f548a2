import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { databaseRig, postgresDriver } from '../../../../../test/support/database-rig.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../../../../../test/support/postgres.ts'
import { until } from '../../../../../test/support/until.ts'
import { sql } from '../sql.ts'

const missing = needsPostgres()
let server: PostgresServer

beforeAll(async () => {
  if (missing) return
  server = await postgresServer()
})
afterAll(async () => {
  if (missing) return
  await server[Symbol.asyncDispose]()
})
beforeEach(() => {
  server.psql(
    'DROP TABLE IF EXISTS note; CREATE TABLE note (id int PRIMARY KEY, text text); ALTER TABLE note OWNER TO app',
  )
})
afterEach(() => {
  server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
})

const rig = (options: Parameters<typeof databaseRig>[1] = {}) => databaseRig(postgresDriver(server), options)
const code = (error: unknown) => (error instanceof Error && 'problem' in error ? error.problem : error)
const failed = (promise: Promise<unknown>) => promise.then(() => 'did not fail', code)

describe('a session', () => {
  it('commits what it did, binds values and never splices them', async () => {
    await using database = rig()
    const evil = "'); DROP TABLE note; --"
    await database.sessions.session(async (session) => {
      await session.query(sql`INSERT INTO note VALUES (${1}, ${evil})`)
      await session.query('INSERT INTO note VALUES ($1, $2)', [2, null])
    })
    const { rows } = await database.sessions.read((session) => session.query('SELECT * FROM note ORDER BY id'))
    expect(rows).toEqual([
      { id: 1, text: evil },
      { id: 2, text: null },
    ])
    expect(database.statistics.sessions).toEqual({ committed: 2, rolledBack: 0 })
  })

  it('rolls back when its function throws, and gives its connection back', async () => {
    await using database = rig()
    const boom = new Error('boom')
    const thrown = database.sessions.session(async (session) => {
      await session.query('INSERT INTO note VALUES (1)')
      throw boom
    })
    await expect(thrown).rejects.toBe(boom)
    expect(server.psql('SELECT count(*) FROM note')).toBe('0')
    expect(database.pool.figures).toMatchObject({ open: 1, inUse: 0 })
    expect(database.statistics.sessions).toEqual({ committed: 0, rolledBack: 1 })
  })

  it('is in READ COMMITTED unless told otherwise', async () => {
    await using database = rig()
    const ask = "SELECT current_setting('transaction_isolation') AS level"
    const level = await database.sessions.session((session) => session.query(ask))
    expect(level.rows).toEqual([{ level: 'read committed' }])
    const serial = await database.sessions.session((session) => session.query(ask), { isolation: 'serializable' })
    expect(serial.rows).toEqual([{ level: 'serializable' }])
  })

  it('that reads cannot change anything', async () => {
    await using database = rig()
    const refused = failed(database.sessions.read((session) => session.query('INSERT INTO note VALUES (1)')))
    expect(await refused).toMatchObject({ code: 'database-read-only' })
  })

  it('refuses several statements in one text, with and without values, and statements of the pool', async () => {
    await using database = rig()
    for (const text of ['SELECT 1; DROP TABLE note', 'INSERT INTO note VALUES ($1); SELECT 1']) {
      const values = text.includes('$1') ? [1] : []
      expect(await failed(database.sessions.session((session) => session.query(text, values)))).toMatchObject({
        code: 'database-refused',
      })
    }
    for (const text of ['commit', '/* x */ ROLLBACK', '-- x\n begin', 'SET search_path = x', 'DISCARD ALL']) {
      expect(await failed(database.sessions.session((session) => session.query(text)))).toMatchObject({
        code: 'database-statement-of-the-pool',
      })
    }
    expect(server.psql('SELECT count(*) FROM note')).toBe('0')
  })

  it('is an error when it is used after its end or left with a statement that still runs, and is rolled back', async () => {
    await using database = rig()
    const kept = await database.sessions.session(async (session) => session)
    expect(await failed(kept.query('SELECT 1'))).toMatchObject({ code: 'database-session-over' })
    const left = database.sessions.session(async (session) => {
      void session.query('INSERT INTO note VALUES (1)')
    })
    expect(await failed(left)).toMatchObject({ code: 'database-session-left-open' })
    expect(server.psql('SELECT count(*) FROM note')).toBe('0')
    expect(database.pool.figures).toMatchObject({ open: 1, inUse: 0 })
  })

  it('whose failed statement was swallowed does not look committed', async () => {
    await using database = rig()
    const swallowed = database.sessions.session(async (session) => {
      await session.query('INSERT INTO note VALUES (1)')
      await session.query('SELECT no_such_column').catch(() => {})
    })
    expect(await failed(swallowed)).toMatchObject({ code: 'database-refused', params: { reason: '25P02' } })
    expect(server.psql('SELECT count(*) FROM note')).toBe('0')
  })
})

describe('what is repeated', () => {
  it('a deadlock, the whole session', async () => {
    await using database = rig()
    server.psql('INSERT INTO note VALUES (1), (2)')
    const runs = [0, 0]
    const { promise: bothHold, resolve } = Promise.withResolvers<void>()
    const cross = (who: 0 | 1) =>
      database.sessions.session(async (session) => {
        await session.query(sql`UPDATE note SET text = 'x' WHERE id = ${who + 1}`)
        runs[who] = (runs[who] ?? 0) + 1
        if (runs[0] && runs[1]) resolve()
        await bothHold
        await session.query(sql`UPDATE note SET text = 'x' WHERE id = ${2 - who}`)
      })
    await Promise.all([cross(0), cross(1)])
    expect(runs.reduce((a, b) => a + b)).toBe(3)
    expect(database.statistics.queries.retried).toBe(1)
  })

  it('a serialization failure, unless the session is not repeatable', async () => {
    await using database = rig()
    server.psql('INSERT INTO note VALUES (1)')
    const disturbed = (repeatable?: boolean) => {
      let runs = 0
      return database.sessions.session(
        async (session) => {
          await session.query('SELECT * FROM note')
          if (++runs === 1) server.psql("UPDATE note SET text = 'theirs'")
          await session.query("UPDATE note SET text = 'ours'")
          return runs
        },
        { isolation: 'repeatable read', ...(repeatable !== undefined && { repeatable }) },
      )
    }
    expect(await disturbed()).toBe(2)
    expect(await failed(disturbed(false))).toMatchObject({ code: 'database-conflict', params: { reason: '40001' } })
  })

  it('a backend that is terminated in the middle, whose transaction is surely undone', async () => {
    await using database = rig()
    let runs = 0
    await database.sessions.session(
      async (session) => {
        await session.query('INSERT INTO note VALUES (1)')
        if (++runs === 1) server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        await session.query('INSERT INTO note VALUES (2)')
      },
      { repeatable: true },
    )
    expect(runs).toBe(2)
    expect(server.psql('SELECT count(*) FROM note')).toBe('2')
  })

  it('never a commit whose outcome is not known, and it is said', async () => {
    await using database = rig()
    // A deferred trigger runs inside COMMIT: the backend is killed there, as in a crash.
    server.psql(`CREATE OR REPLACE FUNCTION wait_a_little() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
      DROP TRIGGER IF EXISTS slow ON note;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_a_little()`)
    let runs = 0
    const unknown = failed(
      database.sessions.session(
        async (session) => {
          runs++
          await session.query('INSERT INTO note VALUES (1)')
        },
        { repeatable: true },
      ),
    )
    const active =
      "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query = 'COMMIT' AND state = 'active'"
    await until('the commit runs', () => server.psql(active) === '1')
    server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
    const problem = await unknown
    expect(problem).toMatchObject({ code: 'database-commit-unknown', retryable: false })
    expect(runs).toBe(1)
  })

  it('nothing that the statement itself is at fault for', async () => {
    await using database = rig()
    let runs = 0
    const twice = database.sessions.session(
      async (session) => {
        runs++
        await session.query('INSERT INTO note VALUES (1)')
        await session.query('INSERT INTO note VALUES (1)')
      },
      { repeatable: true },
    )
    expect(await failed(twice)).toMatchObject({ code: 'database-refused', params: { reason: '23505' } })
    expect(runs).toBe(1)
  })
})

describe('time', () => {
  it('a slow statement is cancelled at its time-out, on the server too', async () => {
    await using database = rig({ settings: { statementMs: 300 } })
    expect(await failed(database.sessions.read((session) => session.query('SELECT pg_sleep(3600)')))).toMatchObject({
      code: 'database-timeout',
    })
    await until(
      'nothing runs on the server',
      () => server.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'") === '0',
    )
    expect(await database.sessions.read((session) => session.query('SELECT 1 AS one'))).toMatchObject({ count: 1 })
  })

  it('a session that is called off ends at once with the reason, its statement cancelled', async () => {
    await using database = rig()
    const abort = new AbortController()
    const asked = failed(
      database.sessions.session((session) => session.query('SELECT pg_sleep(30)'), { signal: abort.signal }),
    )
    const active = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND state = 'active'"
    await until('it runs', () => server.psql(active) === '1')
    const reason = new Error('not needed any more')
    abort.abort(reason)
    expect(await asked).toBe(reason)
    await until('it runs no more', () => server.psql(active) === '0')
  })
})

describe('the server', () => {
  it('refuses a wrong password and a database that does not exist at once, in a sentence, without showing the password', async () => {
    const wrong = postgresDriver(server, { password: 'not the password' })
    const elsewhere = postgresDriver(server, { url: server.url.replace('/app', '/nowhere') })
    for (const driver of [wrong, elsewhere]) {
      await using database = databaseRig(driver)
      const problem = await failed(database.sessions.read((session) => session.query('SELECT 1')))
      expect(problem).toMatchObject({ code: 'database-denied', retryable: false })
      expect(JSON.stringify(problem)).not.toContain('not the password')
    }
  })

  it('that is read-only answers with a sentence to changes, and says so in its facts', async () => {
    const driver = postgresDriver(server)
    await using database = databaseRig(driver)
    server.psql('ALTER DATABASE app SET default_transaction_read_only = on')
    try {
      const change = database.sessions.session((session) => session.query('INSERT INTO note VALUES (1)'))
      expect(await failed(change)).toMatchObject({ code: 'database-read-only' })
      const facts = await database.sessions.read((session) => driver.facts(session))
      expect(facts.flaw).toMatchObject({ health: 'degraded' })
      expect(facts.version).toMatch(/^PostgreSQL \d+/)
      expect(facts.bytes).toBeGreaterThan(1_000_000)
    } finally {
      server.psql('ALTER DATABASE app RESET default_transaction_read_only', 'postgres')
    }
  })

  it('without connections left makes callers take turns on those that there are', async () => {
    // 12 connections, 3 of them for the superuser.
    await using database = rig({ settings: { size: 20, overflow: 0 } })
    const asked = Array.from({ length: 20 }, () =>
      database.sessions.read((session) => session.query('SELECT pg_sleep(0.2)')),
    )
    await Promise.all(asked)
    expect(database.trouble.join()).toContain('takes no more connections')
    expect(database.pool.figures).toMatchObject({ inUse: 0, waiting: 0, timeouts: 0 })
  })

  it('that was restarted is connected to again without any caller noticing', async () => {
    await using database = rig()
    await database.sessions.read((session) => session.query('SELECT 1'))
    await server.kill()
    await server.start()
    const { rows } = await database.sessions.read((session) => session.query('SELECT 1 AS one'))
    expect(rows).toEqual([{ one: 1 }])
    expect(database.pool.figures).toMatchObject({ open: 1, timeouts: 0 })
  })

  it('that is killed is waited for with growing pauses, and found when it is back', async () => {
    await using database = rig()
    await database.sessions.read((session) => session.query('SELECT 1'))
    await server.kill()
    const early = failed(database.sessions.read((session) => session.query('SELECT 1'), { timeoutMs: 500 }))
    expect(await early).toMatchObject({ code: 'database-lost', retryable: true })
    const patient = database.sessions.read((session) => session.query('SELECT 2 AS two'))
    await server.start()
    expect((await patient).rows).toEqual([{ two: 2 }])
  })

  it('that stands still holds up nobody for longer than the time-out', async () => {
    await using database = rig()
    await database.sessions.read((session) => session.query('SELECT 1'))
    server.pause()
    try {
      const asked = Array.from({ length: 8 }, () =>
        failed(database.sessions.read((session) => session.query('SELECT 1'), { timeoutMs: 1_000 })),
      )
      for (const problem of await Promise.all(asked)) expect(problem).toMatchObject({ retryable: true })
    } finally {
      server.resume()
    }
    const { rows } = await database.sessions.read((session) => session.query('SELECT 1 AS one'))
    expect(rows).toEqual([{ one: 1 }])
  })
})
