import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const

test('a log that was damaged while the console lay killed: it runs, says what was lost with it, and keeps the damaged log', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  // Closed once, so that the tables stand in the file and not in its log.
  await (await opened(folder.path, directory)).close({ services: 'stop' })
  await killed(folder.path, directory, 'records')
  const log = join(directory, '.wheelhouse', 'control.db-wal')
  const frames = Math.floor((statSync(log).size - 32) / (24 + 4096))
  const at = 32 + Math.floor(frames / 2) * (24 + 4096) + 1_000
  writeFileSync(log, readFileSync(log).fill(0x5a, at, at + 64))

  const console = await opened(folder.path, directory)
  const { site, state } = console
  if (!site) throw new Error('no site is open')
  const how = site.store.opened.control
  if (how.how !== 'after an unclean exit' || !how.log) throw new Error(`opened ${JSON.stringify(how)}`)
  expect(how.log.commitsAfter).toBeGreaterThan(50)
  const [event] = (await site.events.page({ kind: 'store.log-damaged', limit: 5 })).events
  expect(event).toMatchObject({ severity: 'error', subject: 'store:control', data: { database: 'control' } })
  expect(state.slice('attention').get('store-log-damaged:control')).toMatchObject({ why: event?.message })
  const quarantine = state.slice('store').get('store')?.quarantine
  expect(quarantine).toMatchObject([{ database: 'control (its log)', why: event?.message }])
  expect(readdirSync(quarantine?.[0]?.folder ?? '')).toContain('control.db-wal')
  const kept = await site.events.page({ kind: 'test.recorded', limit: 500 })
  expect(kept.events.length).toBeGreaterThan(20)
  expect(kept.events.length).toBeLessThan(200)
  // Each that is there is whole, and none between them is missing.
  expect(kept.events.map(({ message }) => message.split(' ')[1])).toEqual(
    kept.events.map((_, index) => String(kept.events.length - index)),
  )
  await works(console)
})

test('a log that was taken away while the console lay killed: it runs on what is left, and says from when on records are missing', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  await (await opened(folder.path, directory)).close({ services: 'stop' })
  await killed(folder.path, directory, 'records')
  rmSync(join(directory, '.wheelhouse', 'control.db-wal'))

  const console = await opened(folder.path, directory)
  const { site, state } = console
  if (!site) throw new Error('no site is open')
  const how = site.store.opened.control
  if (how.how !== 'after an unclean exit' || !how.lost) throw new Error(`opened ${JSON.stringify(how)}`)
  expect(site.store.opened.messages.how).toBe('after an unclean exit')
  const [event] = (await site.events.page({ kind: 'store.log-lost', limit: 5 })).events
  expect(event).toMatchObject({ severity: 'error', subject: 'store:control', data: { lost: how.lost } })
  expect(state.slice('attention').get('store-log-damaged:control')).toMatchObject({ why: event?.message })
  // The card's other half: what is missing lies behind everything that is there.
  const { events } = await site.events.page({ limit: 500 })
  const left = events.filter(({ seq }) => seq < 1_000_000_000_000)
  expect(left.length).toBeGreaterThan(0)
  expect(Math.max(...left.map(({ at }) => at))).toBe(how.lost.from)
  await works(console)
})

test('pages that are overwritten while the console runs: replaced in use by whoever meets it, what is so is written again, and it is told', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const first = await opened(folder.path, directory)
  const { fingerprint = '' } = first.state.slice('site').get('site')?.trust ?? {}
  await first.site?.trust(fingerprint, operator)
  const long = {
    kind: 'test.recorded',
    subject: 'site',
    severity: 'info',
    message: 'x'.repeat(800),
    cause: operator,
  } as const
  for (let n = 0; n < 3_000; n++) first.site?.events.emit(long)
  await first.site?.events.settled()
  const copied = await first.site?.storeCare.copy({ database: 'control', cause: operator })
  await first.site?.jobs.finished(copied?.job ?? '')
  await first.close({ services: 'stop' })

  const console = await opened(folder.path, directory)
  const { site, state } = console
  if (!site) throw new Error('no site is open')
  const started = await site.services.start(['ticker'], operator)
  expect(await site.jobs.finished(started.job)).toMatchObject({ state: 'completed' })
  const running = state.slice('services').get('ticker')?.pid
  const card = {
    id: 'test-card',
    subject: 'site',
    severity: 'warning',
    title: 'Raised before',
    why: 'It stays.',
  } as const
  site.attention.raise({ ...card, fixes: [], cause: operator, dismissible: true })
  await site.store.settled()
  overwrite(join(directory, '.wheelhouse', 'control.db'))
  // What the operator goes on doing meets it sooner or later: reading here, writing there.
  await until('it is replaced', async () => {
    await site.events.page({ limit: 500, order: 'oldest' }).catch(() => {})
    site.events.emit({ kind: 'test.went-on', subject: 'site', severity: 'info', message: 'On.', cause: operator })
    return site.store.opened.control.how === 'replaced'
  })
  await until('it is in use', () => site.store.statistics().databases.control.state === 'open')
  expect(site.store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
  const told = await until('the card', () => state.slice('attention').get('store-replaced:control'))
  const [event] = (await site.events.page({ kind: 'store.recovered', limit: 5 })).events
  expect(event).toMatchObject({ severity: 'error', message: told.why, data: { by: 'damage', source: 'copy' } })
  await site.store.settled()
  const rows = (sql: string) => site.store.control.all<Record<string, unknown>>({ sql })
  expect(rows("SELECT id FROM attention WHERE id = 'test-card'")).toHaveLength(1)
  expect(rows("SELECT pid FROM service_runs WHERE service = 'ticker' AND ended_at IS NULL")).toEqual([{ pid: running }])
  expect(site.jobs.get(started.job)).toMatchObject({ state: 'completed' })
  await until('all of it to be told', () => site.store.upkeep.untold().length === 0)
  await works(console)
})

test('a check that the console did not live to finish: its recovery is finished at the next start, and the job says so', async () => {
  using folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  await (await opened(folder.path, directory)).close({ services: 'stop' })
  await killed(folder.path, directory, 'checks', { WHEELHOUSE_CRASH_AT: 'store.recovery.after-quarantine' })
  const console = await opened(folder.path, directory)
  const { site, state } = console
  if (!site) throw new Error('no site is open')
  const [job] = Object.values(state.slice('jobs').all()).filter((each) => each?.kind === 'store.check')
  expect(job).toMatchObject({ state: 'failed' })
  expect(job?.message).toMatch(/^The console ended while this ran: .*nothing half done is left/)
  expect(site.store.opened.messages).toMatchObject({ how: 'replaced' })
  expect(state.slice('attention').get('store-replaced:messages')).toBeDefined()
  expect((await site.events.page({ kind: 'store.recovered', limit: 5 })).events).toHaveLength(1)
  await works(console)
})

async function opened(home: string, directory: string): Promise<Console> {
  const console = await openTestConsole(home)
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  return console
}

/** A console in another process that ends as `kill -9` would end it. */
async function killed(home: string, directory: string, act: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const program = join(import.meta.dirname, '../support/mortal-console.program.ts')
  const child = spawn(process.execPath, [program, home, directory, act], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
}

/** Pages in the middle, which nobody has read yet. By another process: closing the file here would drop the locks that this one holds on it. */
function overwrite(path: string): void {
  const damage = `const file = require('fs').openSync(process.argv[1], 'r+')
    require('fs').writeSync(file, Buffer.alloc(4096 * 200, 0xa5), 0, 4096 * 200, 4096 * 150)`
  execFileSync(process.execPath, ['-e', damage, path])
}

/** It does what a console does, and is closed. */
async function works(console: Console): Promise<void> {
  const { site } = console
  if (!site) throw new Error('no site is open')
  expect(console.state.slice('store').get('store')).toMatchObject({ state: 'open' })
  await site.events.record({
    kind: 'test.recorded',
    subject: 'site',
    severity: 'info',
    message: 'On.',
    cause: operator,
  })
  await console.close({ services: 'stop' })
}
