import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../support/postgres.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

const operator: Cause = { type: 'operator', via: 'browser' }

/** A site with the database `db`, whose table `settings` is read; opened, trusted, with its services started. */
async function opened(folder: string, database: string): Promise<Console> {
  const directory = join(folder, 'site')
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
sources: { database: { of: db, table: settings, every: 5s } }
services:
  db: { kind: builtin, use: database, ${database} }
`,
  )
  const console = await reopened(folder, false)
  const asked = console.state.slice('site').get('site')?.trust
  expect(asked?.commands.map(({ command }) => command)).toContain(
    '<the configuration is read from table settings of db>',
  )
  await console.site?.trust(asked?.fingerprint ?? '', operator)
  return console
}

async function reopened(folder: string, start: boolean): Promise<Console> {
  const console = await openTestConsole(folder)
  await console.openInitial({ site: join(folder, 'site'), otherwise: 'none', start })
  return console
}

const keep = (console: Console) => console.site?.definition()?.backup.keep
const cardOf = (console: Console) => console.state.slice('attention').get('config-source-database')

describe('values of a table', () => {
  it('of a SQLite database count, also while it is away; what would be wrong changes nothing', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'site', 'data'), { recursive: true })
    using database = disposable(new Database(join(folder.path, 'site', 'data', 'app.db')))
    const { db } = database
    db.exec('CREATE TABLE settings ("key" TEXT PRIMARY KEY, "value")')
    const set = db.prepare('INSERT OR REPLACE INTO settings VALUES (?, ?)')
    set.run('backup.keep.daily', '11')
    set.run('backup.keep.weekly', 3)
    set.run('backup.exclude', '[ cache, "*.tmp" ]')
    set.run('name', null)
    let console = await opened(folder.path, 'database: { sqlite: data/app.db }')
    try {
      await until('its values are in use', () => keep(console)?.daily === 11)
      expect(keep(console)?.weekly).toBe(3)
      expect(console.site?.definition()).toMatchObject({ name: 'lab', backup: { exclude: ['cache', '*.tmp'] } })
      const { values } = console.site?.config.values() ?? { values: [] }
      expect(values.find(({ path }) => path === 'backup.keep.daily')).toMatchObject({
        kind: 'database',
        source: 'table settings of db',
        file: 'table settings of db, row backup.keep.daily',
      })
      set.run('backup.keep.daily', 'many')
      const card = await until('the card', () => cardOf(console))
      expect(card.why).toContain('table settings of db: its answer cannot be used: backup.keep.daily')
      expect(keep(console)?.daily).toBe(11)
      set.run('backup.keep.daily', '12')
      await until('the right value', () => keep(console)?.daily === 12 && !cardOf(console))
      db.exec('ALTER TABLE settings RENAME COLUMN "value" TO other')
      expect((await until('the card', () => cardOf(console))).why).toContain('it cannot be read')
      await console.close({ services: 'stop' })
      console = await reopened(folder.path, false)
      expect(keep(console)?.daily, 'its service does not run').toBe(12)
    } finally {
      await console.close({ services: 'stop' })
    }
  })
})

describe('values of a table', () => {
  const missing = needsPostgres()
  let server: PostgresServer
  beforeAll(async () => {
    if (!missing) server = await postgresServer()
  })
  afterAll(async () => {
    if (!missing) await server[Symbol.asyncDispose]()
  })

  it('of a PostgreSQL database count', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'site'))
    server.psql(
      `CREATE TABLE settings (key text PRIMARY KEY, value jsonb); GRANT SELECT ON settings TO app;
INSERT INTO settings VALUES ('backup.keep.daily', '11'), ('backup.exclude', '["cache"]'), ('name', '"Lab"')`,
      'app',
    )
    mkdirSync(join(folder.path, 'user'), { mode: 0o700 })
    const secrets = { [realpathSync(join(folder.path, 'site'))]: { APP: server.password } }
    writeFileSync(join(folder.path, 'user', 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 })
    const console = await opened(
      folder.path,
      `database: { postgres: "${server.url}" }, env: { PGPASSWORD: "\${secrets.APP}" }`,
    )
    try {
      await until('its values are in use', () => keep(console)?.daily === 11)
      expect(console.site?.definition()).toMatchObject({ name: 'Lab', backup: { exclude: ['cache'] } })
    } finally {
      await console.close({ services: 'stop' })
    }
  })
})

function disposable(db: Database.Database) {
  return { db, [Symbol.dispose]: () => void db.close() }
}
