import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, type LoadedSite, loadSite, postgresAddress, resolveDatabase, variablesOf } from './index.ts'

async function load(database: string): Promise<LoadedSite> {
  using folder = temporaryFolder()
  writeFileSync(
    join(folder.path, 'site.yaml'),
    `wheelhouse: 1\nsite: lab\nservices:\n  db: { kind: builtin, use: database, ${database} }\n`,
  )
  return await loadSite(folder.path)
}

async function problems(database: string) {
  const loaded = await load(database)
  return loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)
}

const secret = 'env: { PGPASSWORD: "${secrets.APP}" }'

describe('a database service', () => {
  it('of PostgreSQL gets the pool of the court office unless told otherwise', async () => {
    const loaded = await load(`database: { postgres: "postgres://app@127.0.0.1:5433/app" }, ${secret}`)
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.definition.services.db?.database).toEqual({
      target: { engine: 'postgres', url: 'postgres://app@127.0.0.1:5433/app' },
      pool: { size: 15, overflow: 30, recycleMs: 3_600_000, timeoutMs: 30_000, statementMs: 30_000, ping: true },
      recover: 'ask',
      check: 'weekly',
      backup: true,
      admin: null,
    })
    expect(loaded.definition.secrets).toEqual(['APP'])
  })

  it('of SQLite is a file below the site', async () => {
    const loaded = await load('database: { sqlite: "${data}/app.db", recover: automatic, pool: { ping: off } }')
    const service = loaded.valid ? loaded.definition.services.db : undefined
    if (!loaded.valid || !service?.database) throw new Error(JSON.stringify(loaded))
    expect(service.database).toMatchObject({ recover: 'automatic', pool: { size: 2, overflow: 2, ping: false } })
    const variables = variablesOf('/srv/lab', '/srv/lab/current')
    const target = resolveDatabase(service.database, service, loaded.definition, variables)
    expect(target).toEqual({ engine: 'sqlite', file: '/srv/lab/data/app.db' })
  })

  it('is shown before trust with what it would connect to, and as whom', async () => {
    const loaded = await load(`database: { postgres: "postgres://app@db.example:5433/app" }, ${secret}`)
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(commandsOf(loaded.definition).map(({ command }) => command)).toEqual([
      'PGPASSWORD=${secrets.APP} <connects to the postgres database postgres://app@db.example:5433/app>',
    ])
  })

  it.each([
    ['no database', 'enabled: on', 'value-missing services.db.database'],
    ['neither', 'database: { recover: ask }', 'database-unclear services.db.database'],
    ['both', 'database: { sqlite: a.db, postgres: "postgres://a@b/c" }', 'database-unclear services.db.database'],
    ['outside', 'database: { sqlite: ../other.db }', 'path-escapes services.db.database.sqlite'],
    ['an absolute path outside', 'database: { sqlite: /var/app.db }', 'path-escapes services.db.database.sqlite'],
    ['no user', 'database: { postgres: "postgres://db/app" }', 'address-bad services.db.database.postgres'],
    ['no name', 'database: { postgres: "postgres://a@db:5432" }', 'address-bad services.db.database.postgres'],
    ['another scheme', 'database: { postgres: "mysql://a@db/c" }', 'address-bad services.db.database.postgres'],
    ['an option', 'database: { postgres: "postgres://a@b/c?options=x" }', 'address-bad services.db.database.postgres'],
    ['a secret in the address', 'database: { sqlite: "${secrets.X}" }', 'secret-not-here services.db.database.sqlite'],
    ['an unknown key', 'database: { sqlite: a.db, pol: {} }', 'key-unknown services.db.database.pol'],
    ['env of SQLite', `database: { sqlite: a.db }, ${secret}`, 'key-not-for-kind services.db.env.PGPASSWORD'],
  ])('is refused with %s', async (_what, database, problem) => {
    expect(await problems(database)).toEqual([problem])
  })

  it('may have an environment for its callbacks', async () => {
    const hooks = 'hooks: { before-start: ["true"] }'
    expect(await problems(`database: { sqlite: a.db }, env: { DATA: "\${data}" }, ${hooks}`)).toEqual([])
    const postgres = 'database: { postgres: "postgres://app@h/app" }'
    expect(await problems(`${postgres}, env: { PGPASSWORD: plain }, ${hooks}`)).toHaveLength(1)
  })

  it('takes a password only as a secret, and never repeats one', async () => {
    const inAddress = await load('database: { postgres: "postgres://app:hunter2@127.0.0.1/app" }')
    const inEnvironment = await load('database: { postgres: "postgres://app@h/app" }, env: { PGPASSWORD: hunter2 }')
    for (const loaded of [inAddress, inEnvironment]) {
      expect(loaded.valid).toBe(false)
      if (loaded.valid) continue
      expect(loaded.problems.map(({ code }) => code)).toEqual(['password-in-file'])
      expect(JSON.stringify(loaded.problems)).not.toContain('hunter2')
      expect(loaded.problems[0]?.remedy).toContain('PGPASSWORD: "${secrets.NAME}"')
    }
  })

  it('is refused beside another kind of service', async () => {
    using folder = temporaryFolder()
    const services = 'services: { x: { kind: external, database: { sqlite: a.db } } }'
    writeFileSync(join(folder.path, 'site.yaml'), `wheelhouse: 1\nsite: lab\n${services}\n`)
    const loaded = await loadSite(folder.path)
    expect(loaded.valid || loaded.problems.map(({ code }) => code)).toEqual(['key-not-for-kind'])
  })
})

it('the address of a PostgreSQL database is read whole', () => {
  expect(postgresAddress('postgres://a%40b@[::1]/x%20y?sslmode=verify-full')).toEqual({
    ok: true,
    address: { user: 'a@b', host: '::1', port: 5432, name: 'x y', tls: 'verify-full' },
  })
  expect(postgresAddress('postgres://a@%2Frun%2Fpostgresql/x')).toMatchObject({ address: { host: '/run/postgresql' } })
})
