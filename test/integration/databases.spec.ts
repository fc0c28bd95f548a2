import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CrashPoints, noCrashPoints, systemClock } from '#core/platform/index.ts'
import type { Site } from '#core/site.ts'
import type { JobView, SiteDatabaseView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { TestUser } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { findProgram } from '../support/needs.ts'
import { needsPostgres, type PostgresServer, postgresServer } from '../support/postgres.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

const operator: Cause = { type: 'operator', via: 'command line' }

/** A site with a SQLite database and a service that needs it; a PostgreSQL one when an address is given. */
function makeSite(directory: string, { recover = 'ask', postgres = '' } = {}): void {
  mkdirSync(join(directory, 'data'), { recursive: true })
  mkdirSync(join(directory, 'services'))
  makeDatabase(join(directory, 'data', 'app.db'))
  writeFileSync(
    join(directory, 'services', 'api.mjs'),
    `import Database from 'better-sqlite3'
const database = new Database(process.env.FILE, { fileMustExist: true })
setInterval(() => database.prepare('SELECT count(*) FROM note').get(), 200)
process.on('SIGTERM', () => { database.close(); process.exit(0) })
`,
  )
  const second =
    postgres &&
    `  pg:
    kind: builtin
    use: database
    database: { postgres: "${postgres}", pool: { size: 2, overflow: 1 } }
    env: { PGPASSWORD: "\${secrets.APP}" }
`
  writeFileSync(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  db: { kind: builtin, use: database, database: { sqlite: data/app.db, recover: ${recover} } }
  api: { kind: node, run: services/api.mjs, needs: { db: healthy }, env: { FILE: "\${data}/app.db" } }
${second}`,
  )
}

function makeDatabase(file: string): void {
  const rows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO note SELECT i, 'a note of the lab, number ' || i FROM n"
  sqlite(file, `PRAGMA journal_mode = WAL; CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); ${rows};`)
}

function sqlite(file: string, statements: string): string {
  return execFileSync('sqlite3', [file, statements], { encoding: 'utf8' }).trim()
}

async function opened(
  home: string,
  directory: string,
  crashPoints: CrashPoints = noCrashPoints,
): Promise<{ console: Console; site: Site }> {
  const console = await openTestConsole(home, systemClock(), crashPoints)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  const site = console.site
  if (!site) throw new Error('The site was not opened.')
  const asked = console.state.slice('site').get('site')?.trust
  if (asked) await site.trust(asked.fingerprint, operator)
  else await site.start(operator)
  return { console, site }
}

const viewOf = (console: Console, id: string) => console.state.slice('databases').get(id)

function see(console: Console, id: string, what: string, look: (view: SiteDatabaseView) => boolean) {
  return until(`${id} ${what}`, () => {
    const view = viewOf(console, id)
    return view && look(view) && view
  })
}

async function done(site: Site, started: Promise<{ readonly job: string }>): Promise<JobView> {
  return await site.jobs.finished((await started).job)
}

/** Overwrites pages in the middle of the file, as a bad disk does. */
function damage(file: string): void {
  sqlite(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
  execFileSync('dd', ['if=/dev/urandom', `of=${file}`, 'bs=4096', 'seek=3', 'count=4', 'conv=notrunc'], {
    stdio: 'pipe',
  })
}

const noSqlite = findProgram('sqlite3') === null

describe.skipIf(noSqlite)('a SQLite database of the site', () => {
  it('is connected by its service, holds back what needs it until it is healthy, and is shown with its figures', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    rmSync(join(directory, 'data', 'app.db'))
    const { console, site } = await opened(folder.path, directory)
    try {
      const away = await see(console, 'db', 'missing', ({ health }) => health === 'unhealthy')
      expect(away).toMatchObject({ engine: 'sqlite', where: 'data/app.db', pool: { size: 2, overflow: 2 } })
      expect(away.sentence).toContain('does not exist')
      expect(existsSync(join(directory, 'data', 'app.db')), 'no empty database is made').toBe(false)
      const card = await until('the card', () => site.attention.open().find(({ id }) => id === 'database-unwell:db'))
      expect(card.fixes[0]?.action).toEqual({ type: 'recover-database', service: 'db' })
      expect(console.state.slice('services').get('api')).toMatchObject({ state: 'waiting' })

      makeDatabase(join(directory, 'data', 'app.db'))
      const well = await see(console, 'db', 'healthy', ({ health }) => health === 'healthy')
      expect(well.version).toMatch(/^SQLite 3\./)
      expect(well.bytes).toBeGreaterThan(50_000)
      expect(well.queries.total).toBeGreaterThan(0)
      await until('the service that needs it', () => console.state.slice('services').get('api')?.state === 'running')
      await until('no card', () => site.attention.open().every(({ id }) => id !== 'database-unwell:db'))
      await site.events.settled()
      // Newest first. A slow machine may be told as degraded in between.
      const { events } = await site.events.page({ subject: 'service:db', kind: 'database.', limit: 10 })
      expect([events.at(-1)?.kind, events[0]?.kind]).toEqual(['database.damaged', 'database.recovered'])
      const count = await site.databases
        .sessions('db')
        .read((session) => session.query('SELECT count(*) AS n FROM note'))
      expect(count.rows).toEqual([{ n: 2000 }])
    } finally {
      await console.close({ services: 'stop' })
    }
  })

  it('that is damaged is recovered from its newest good copy: services stopped and started, the lost span named, the bad files kept', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    const file = join(realpathSync(directory), 'data', 'app.db')
    const { console, site } = await opened(folder.path, directory)
    try {
      await until('all of it', () => console.state.slice('services').get('api')?.state === 'running')
      expect(await done(site, site.databases.copy('db', operator))).toMatchObject({ state: 'completed' })
      expect(await done(site, site.databases.check('db', operator))).toMatchObject({ state: 'completed' })
      expect(viewOf(console, 'db')?.lastCheck).toMatchObject({ ok: true })
      expect(viewOf(console, 'db')?.lastCheck?.note).toContain('WAL mode')
      const sound = await done(site, site.databases.recover('db', operator))
      expect(sound.message).toContain('nothing was touched')

      damage(file)
      expect(await done(site, site.databases.check('db', operator))).toMatchObject({ state: 'failed' })
      await see(console, 'db', 'damaged', ({ health }) => health === 'unhealthy')
      const plan = await site.databases.planRecovery('db')
      expect(plan.services).toEqual(['api'])
      expect(plan.lost?.from).toBeLessThan(Date.now())

      const job = await done(site, site.databases.recover('db', operator))
      expect(job).toMatchObject({ state: 'completed' })
      expect(job.message).toMatch(/what was changed between then and .*, \d\d:\d\d is lost/)
      await see(console, 'db', 'healthy', ({ health }) => health === 'healthy')
      expect(sqlite(file, 'PRAGMA integrity_check; SELECT count(*) FROM note')).toBe('ok\n2000')
      await until('the services', () => console.state.slice('services').get('api')?.state === 'running')
      const [kept = ''] = readdirSync(join(directory, '.wheelhouse', 'quarantine'))
      expect(kept).toMatch(/-db$/)
      expect(readdirSync(join(directory, '.wheelhouse', 'quarantine', kept))).toContain('app.db')
      expect(viewOf(console, 'db')?.recovery?.last?.sentence).toBe(job.message)
    } finally {
      await console.close({ services: 'stop' })
    }
  })

  it('is recovered without starting what a person stopped meanwhile; and one whose files cannot all be moved is left as it was', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    const file = join(realpathSync(directory), 'data', 'app.db')
    const quarantine = join(directory, '.wheelhouse', 'quarantine')
    let atPoint: (point: string) => void = () => {}
    const { console, site } = await opened(folder.path, directory, { reach: (point) => atPoint(point) })
    try {
      await until('all of it', () => console.state.slice('services').get('api')?.state === 'running')
      expect(await done(site, site.databases.copy('db', operator))).toMatchObject({ state: 'completed' })
      damage(file)
      writeFileSync(`${file}-journal`, '')
      const before = readdirSync(join(directory, 'data')).sort()
      atPoint = (point) => {
        if (point !== 'database.recovery.between-aside') return
        atPoint = () => {}
        const [aside = ''] = readdirSync(quarantine)
        mkdirSync(join(quarantine, aside, 'app.db', 'in-the-way'), { recursive: true })
      }
      const failed = await done(site, site.databases.recover('db', operator))
      expect(failed).toMatchObject({ state: 'failed', message: expect.stringContaining('Everything is where it was') })
      expect(readdirSync(join(directory, 'data')).sort(), 'nothing waits either').toEqual(before)
      await until('api', () => console.state.slice('services').get('api')?.wanted)

      atPoint = (point) => {
        if (point === 'database.recovery.before-aside')
          void site.coordinator.stop(['api'], { cause: operator, operation: 'jb-person' })
      }
      const job = await done(site, site.databases.recover('db', operator))
      expect(job).toMatchObject({
        state: 'completed',
        message: expect.stringContaining('Not started again, because that was ordered meanwhile: api.'),
      })
      expect(console.state.slice('services').get('api')).toMatchObject({ state: 'stopped', wanted: false })
      await see(console, 'db', 'healthy', ({ health }) => health === 'healthy')
    } finally {
      await console.close({ services: 'stop' })
    }
  })

  it('of which only some files could be moved is on a card that says where they lie, and is put right at the next opening', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    const file = join(realpathSync(directory), 'data', 'app.db')
    const quarantine = join(directory, '.wheelhouse', 'quarantine')
    const card = (site: Site) => site.attention.open().find(({ id }) => id === 'database-half-moved:db')
    let inTheWay = ''
    let atPoint: (point: string) => void = () => {}
    const { console, site } = await opened(folder.path, directory, { reach: (point) => atPoint(point) })
    try {
      await until('all of it', () => console.state.slice('services').get('api')?.state === 'running')
      expect(await done(site, site.databases.copy('db', operator))).toMatchObject({ state: 'completed' })
      damage(file)
      writeFileSync(`${file}-journal`, '')
      atPoint = (point) => {
        if (point !== 'database.recovery.between-aside') return
        atPoint = () => {}
        const [aside = ''] = readdirSync(quarantine)
        inTheWay = join(quarantine, aside, 'app.db')
        mkdirSync(join(inTheWay, 'in-the-way'), { recursive: true })
        // Neither forward nor back: somebody has put something where the first file was.
        writeFileSync(`${file}-journal`, 'new')
      }
      expect(await done(site, site.databases.recover('db', operator))).toMatchObject({ state: 'failed' })
      expect(card(site)).toMatchObject({
        severity: 'critical',
        subject: 'service:db',
        why: expect.stringContaining('app.db-journal'),
        dismissible: false,
      })
      expect(console.state.slice('services').get('api'), 'nothing runs on these').toMatchObject({ state: 'stopped' })
    } finally {
      await console.close({ services: 'stop' })
    }
    rmSync(inTheWay, { recursive: true })
    const again = await opened(folder.path, directory)
    try {
      await see(again.console, 'db', 'healthy', ({ health }) => health === 'healthy')
      expect(card(again.site)).toBeUndefined()
      expect(sqlite(file, 'SELECT count(*) FROM note')).toBe('2000')
    } finally {
      await again.console.close({ services: 'stop' })
    }
  })

  it('without a copy is salvaged as far as it can be read, labelled partial; and when nothing works everything stays', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    const file = join(realpathSync(directory), 'data', 'app.db')
    const { console, site } = await opened(folder.path, directory)
    try {
      await until('all of it', () => console.state.slice('services').get('api')?.state === 'running')
      damage(file)
      const job = await done(site, site.databases.recover('db', operator))
      expect(job.message).toContain('it is partial')
      const left = Number(sqlite(file, 'SELECT count(*) FROM note'))
      expect(left).toBeGreaterThan(100)
      expect(left).toBeLessThan(2_000)

      await done(site, site.services.stop('all', operator))
      truncateSync(file, 0)
      const failed = await done(site, site.databases.recover('db', operator))
      expect(failed).toMatchObject({ state: 'failed' })
      expect(failed.message).toContain('Everything is where it was')
      expect(existsSync(file)).toBe(true)
    } finally {
      await console.close({ services: 'stop' })
    }
  })

  it('is recovered by itself where site.yaml says so', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory, { recover: 'automatic' })
    const file = join(realpathSync(directory), 'data', 'app.db')
    const { console, site } = await opened(folder.path, directory)
    try {
      await until('all of it', () => console.state.slice('services').get('api')?.state === 'running')
      await done(site, site.databases.copy('db', operator))
      rmSync(file)
      await see(console, 'db', 'recovered', ({ recovery }) => recovery?.last != null)
      await see(console, 'db', 'healthy', ({ health }) => health === 'healthy')
      expect(sqlite(file, 'SELECT count(*) FROM note')).toBe('2000')
    } finally {
      await console.close({ services: 'stop' })
    }
  })

  it('is looked at, checked, copied and recovered from the command line, also where no console runs', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory)
    const user = new TestUser(folder.path)
    const { console } = await opened(folder.path, directory)
    await console.close({ services: 'stop' })
    const file = join(directory, 'data', 'app.db')
    expect(await user.run('database', 'copy', 'db', '--site', directory)).toMatchObject({ code: 0 })
    damage(file)
    expect(await user.run('database', 'check', 'db', '--site', directory)).toMatchObject({ code: 1 })
    const planned = await user.run('database', 'recover', 'db', '--plan', '--site', directory)
    expect(planned).toMatchObject({ code: 0 })
    expect(planned.out).toContain('.wheelhouse/quarantine')
    expect(await user.run('database', 'recover', 'db', '--yes', '--site', directory)).toMatchObject({ code: 0 })
    expect(sqlite(file, 'SELECT count(*) FROM note')).toBe('2000')
    const status = await user.document<{ databases: SiteDatabaseView[] }>('database', '--site', directory)
    expect(status.databases).toMatchObject([{ id: 'db', recovery: { copies: 1 } }])
    expect(await user.run('database', 'check', 'nope', '--site', directory)).toMatchObject({ code: 2 })
  })
})

describe.skipIf(noSqlite)('a PostgreSQL database of the site', () => {
  const missing = needsPostgres()
  let server: PostgresServer
  beforeAll(async () => {
    if (!missing) server = await postgresServer()
  })
  afterAll(async () => {
    if (!missing) await server[Symbol.asyncDispose]()
  })

  it('is unhealthy while it is down, with a card, and well again by itself; its password is a secret', async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    makeSite(directory, { postgres: server.url })
    mkdirSync(join(folder.path, 'user'), { mode: 0o700 })
    const secrets = { [realpathSync(directory)]: { APP: server.password } }
    writeFileSync(join(folder.path, 'user', 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 })
    const { console, site } = await opened(folder.path, directory)
    try {
      const well = await see(console, 'pg', 'healthy', ({ health }) => health === 'healthy')
      expect(well).toMatchObject({ engine: 'postgres', where: `127.0.0.1:${server.port}/app`, recovery: null })
      expect(well.version).toMatch(/^PostgreSQL \d/)
      expect(await done(site, site.databases.check('pg', operator))).toMatchObject({ state: 'completed' })
      await expect(site.databases.copy('pg', operator)).rejects.toMatchObject({
        problem: { code: 'database-not-sqlite' },
      })

      await server.kill()
      await see(console, 'pg', 'unhealthy', ({ health }) => health === 'unhealthy')
      await until('the card', () => site.attention.open().some(({ id }) => id === 'database-unwell:pg'))
      expect(console.state.slice('services').get('pg')).toMatchObject({ state: 'running' })
      await server.start()
      await see(console, 'pg', 'healthy', ({ health }) => health === 'healthy')
      await until('no card', () => site.attention.open().every(({ id }) => id !== 'database-unwell:pg'))
      // The state is shown before what is told of it is on disk.
      const events = await until('its recovery on record', async () => {
        const page = await site.events.page({ subject: 'service:pg', kind: 'database.', limit: 10 })
        return page.events[0]?.kind === 'database.recovered' && page.events
      })
      expect(events.toReversed().map(({ kind }) => kind)).toEqual([
        'database.connected',
        'database.checked',
        'database.lost',
        'database.recovered',
      ])
      expect(events[0]?.cause).toEqual({ type: 'event', id: events[1]?.id })
      expect(JSON.stringify([console.state.whole(), events])).not.toContain(server.password)
    } finally {
      await console.close({ services: 'stop' })
    }
  })
})
