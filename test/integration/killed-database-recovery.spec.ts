import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
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
