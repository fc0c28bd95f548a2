import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { lookIntoDatabase, makeDatabase } from '../support/odd-site.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

for (const [moment, what] of [
  ['after-copy', 'undone'],
  ['before-aside', 'finished'],
  ['after-aside', 'finished'],
  ['after-put', 'finished'],
] as const) {
  test(`the recovery of a site's database, killed at ${moment}, is ${what} at the next opening, which says so`, async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, 'site')
    const file = makeDamagedSite(directory)
    const program = join(import.meta.dirname, '../support/mortal-console.program.ts')
    const child = spawn(process.execPath, [program, folder.path, directory, 'recovers'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, WHEELHOUSE_CRASH_AT: `database.recovery.${moment}` },
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])

    const console = await openTestConsole(folder.path)
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    const { site, state } = console
    if (!site) throw new Error('no site is open')
    const [job] = Object.values(state.slice('jobs').all()).filter((each) => each?.kind === 'database.recover')
    expect(job).toMatchObject({ state: 'failed', message: expect.stringContaining('The console ended while this ran') })
    const kind = what === 'finished' ? 'database.repaired' : 'database.not-repaired'
    const [event] = (await site.events.page({ kind, limit: 5 })).events
    expect(event).toMatchObject({ subject: 'service:db', message: expect.stringContaining('was interrupted') })
    expect(state.slice('databases').get('db')?.recovery?.last?.sentence).toBe(event?.message)
    expect(existsSync(`${file}.recovered`), 'nothing waits').toBe(false)
    const aside = join(directory, '.wheelhouse', 'quarantine')
    const kept = existsSync(aside) ? readdirSync(aside).filter((name) => name.endsWith('-db')) : []
    expect(kept).toHaveLength(what === 'finished' ? 1 : 0)
    if (what === 'finished') {
      expect(readdirSync(join(aside, kept[0] ?? ''))).toContain('app.db')
      expect(lookIntoDatabase(file)).toEqual({ rows: 30, sound: true })
      await until('what was stopped', () => state.slice('services').get('db')?.state === 'running')
    }
    await console.close({ services: 'stop' })
  })
}

test('a service that a person stopped during a recovery stays stopped, also when the console was killed before either was done', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  const file = makeDamagedSite(directory)
  rmSync(file)
  makeDatabase(file, 30)
  // Does not end when it is asked: the recovery and the stop wait for it. What a crash leaves of it is ended, not adopted.
  writeFileSync(join(directory, 'api.mjs'), `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`)
  const api = 'api: { kind: node, run: api.mjs, needs: { db: ready }, stop: { within: 10s }, on-crash: stop }'
  const other = `other: { kind: node, run: api.mjs, needs: { db: ready }, stop: { within: 10s }, on-crash: stop }`
  const db = 'db: { kind: builtin, use: database, database: { sqlite: data/app.db } }'
  writeFileSync(join(directory, 'site.yaml'), `wheelhouse: 1\nsite: lab\nservices:\n  ${db}\n  ${api}\n  ${other}\n`)
  const program = join(import.meta.dirname, '../support/mortal-console.program.ts')
  const child = spawn(process.execPath, [program, folder.path, directory, 'stops'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])

  const console = await openTestConsole(folder.path)
  try {
    await console.openInitial({ site: directory, otherwise: 'none', start: false })
    const services = console.state.slice('services')
    await until('what the recovery had stopped is wanted again', () => services.get('other')?.wanted)
    expect(services.get('db')).toMatchObject({ wanted: true })
    expect(services.get('api')).toMatchObject({ wanted: false, state: 'stopped' })
  } finally {
    await console.site?.coordinator.emergencyStop({ type: 'console', why: 'the spec is over' })
    await console.close({ services: 'stop' })
  }
})

/** A site whose one database is damaged, with a good copy of it. Resolves with its file. */
function makeDamagedSite(directory: string): string {
  mkdirSync(join(directory, 'data'), { recursive: true })
  const file = join(directory, 'data', 'app.db')
  makeDatabase(file, 30)
  const copies = join(directory, '.wheelhouse', 'copies', 'db')
  mkdirSync(copies, { recursive: true, mode: 0o700 })
  execFileSync('chmod', ['700', join(directory, '.wheelhouse')])
  copyFileSync(file, join(copies, '2026-01-05T08-30-00-000Z.daily.db'))
  writeFileSync(file, 'coffee was spilled here '.repeat(1_000))
  const services = 'services: { db: { kind: builtin, use: database, database: { sqlite: data/app.db } } }'
  writeFileSync(join(directory, 'site.yaml'), `wheelhouse: 1\nsite: lab\n${services}\n`)
  return file
}
