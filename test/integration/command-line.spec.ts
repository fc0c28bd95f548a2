import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { JobView, ServiceView, SiteView, SnapshotView } from '#shared/contract/state.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { TestUser, UserHere } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

interface Status {
  readonly live: boolean
  readonly site: SiteView | null
  readonly services: readonly ServiceView[]
}

test('with no console running: back up, prove it, lose the data and the code, restore, undo; nothing is started by it', async () => {
  const { user, site } = await newUser(UserHere)
  const { job } = await user.document<{ job: JobView }>('backup', '--note', 'before the loss', '--site', site)
  expect(job.state).toBe('completed')
  const { snapshots } = await user.document<{ snapshots: SnapshotView[] }>('snapshots', '--site', site)
  expect(snapshots).toMatchObject([{ note: 'before the loss', kind: 'full', verified: { ok: true } }])
  const { job: proof } = await user.document<{ job: JobView }>('verify', snapshots[0]?.id ?? '', '--site', site)
  expect(proof).toMatchObject({
    kind: 'backup.verify',
    state: 'completed',
    commandLine: `wheelhouse verify ${snapshots[0]?.id}`,
  })
  expect(await user.run('verify', 'sn-none', '--site', site)).toMatchObject({ code: 2 })

  rmSync(join(site, 'data'), { recursive: true })
  rmSync(join(site, 'services'), { recursive: true })
  expect(await user.run('restore', '--yes', '--site', site)).toMatchObject({ code: 0 })
  expect(readFileSync(join(site, 'data', 'note.txt'), 'utf8')).toBe('kept\n')
  expect(readdirSync(join(site, 'services')).sort()).toEqual(['ticker.mjs', 'web.mjs'])

  expect(await user.run('undo', '--yes', '--site', site)).toMatchObject({ code: 0 })
  expect(existsSync(join(site, 'data', 'note.txt'))).toBe(false)
  const status = await user.document<Status>('status', '--site', site)
  expect(status.live).toBe(false)
  expect(status.services.filter(({ pid }) => pid !== null)).toEqual([])
})

test('a result that could not be written is a failure, and says so where it still can', async () => {
  const { user, site } = await newUser()
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const child = user.beginInto(full, 'config', 'check', '--site', site)
  let err = ''
  child.stderr?.on('data', (text) => {
    err += text
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(1)
  expect(err).toContain('The result could not be written: ENOSPC')
})

test('a restore that nobody said yes to shows its plan and changes nothing', async () => {
  const { user, site } = await newUser()
  await user.document('backup', '--site', site)
  rmSync(join(site, 'data', 'note.txt'))
  const { code, err } = await user.run('restore', '--site', site)
  expect(code).toBe(2)
  expect(err).toContain('+ data/note.txt')
  expect(err).toContain('--yes')
  expect(existsSync(join(site, 'data', 'note.txt'))).toBe(false)
  const { plan } = await user.document<{ plan: { add: number } }>('restore', '--plan', '--site', site)
  expect(plan.add).toBe(1)
})

test('a console without a window: trusted, started, restarted, watched, stopped, all from the command line', async () => {
  const { user, site } = await newUser()
  const host = await user.startHost('--site', site)
  expect(host.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/)
  expect((await fetch(host.address)).headers.get('x-content-type-options')).toBe('nosniff')

  // It takes the site some moments to open; the command waits for it.
  expect(await user.run('start', '--all')).toMatchObject({ code: 2 })
  expect(await user.run('trust', '--yes')).toMatchObject({ code: 0 })
  expect(await user.run('start', '--all')).toMatchObject({ code: 0 })
  const status = await user.document<Status>('status')
  expect(status.site?.directory).toBe(site)
  expect(status.services.map(({ id, state }) => `${id} ${state}`).sort()).toEqual([
    'broker running',
    'ticker running',
    'web running',
  ])

  const pid = pidOf(status, 'web')
  expect(await user.run('restart', 'web')).toMatchObject({ code: 0 })
  expect(pidOf(await user.document<Status>('status'), 'web')).not.toBe(pid)
  const { code, err } = await user.run('restart', 'wbe')
  expect(code).toBe(2)
  expect(err).toContain('wbe')

  const { events } = await user.document<{ events: EventRecord[] }>(
    'events',
    '--subject',
    'service:web',
    '--limit',
    '200',
  )
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).sort((a, b) => a - b))
  expect(events.every(({ subject }) => subject === 'service:web')).toBe(true)
  const job = events.find(({ operation }) => operation !== null)?.operation ?? ''
  const ofJob = await user.document<{ events: EventRecord[] }>('events', '--operation', job)
  expect(ofJob.events.length).toBeGreaterThan(1)
  expect(new Set(ofJob.events.map(({ operation }) => operation))).toEqual(new Set([job]))
  const newest = events.at(-1)?.seq ?? 0
  expect(await user.document('events', '--subject', 'service:web', '--since-seq', String(newest))).toEqual({
    events: [],
    more: false,
  })

  expect(await user.run('stop', '--all')).toMatchObject({ code: 0 })
  expect(await user.run('start', 'ticker')).toMatchObject({ code: 0 })
  const again = pidOf(await user.document<Status>('status'), 'ticker')
  expect(isRunning(again)).toBe(true)
  expect(await host.stop('SIGTERM')).toBe(0)
  expect(isRunning(again)).toBe(false)
  expect(host.said()).not.toContain(new URL(host.address).hash.slice('#token='.length))
})

test('a second console on the same site is refused by name, and the command line still reaches the first', async () => {
  const { user, site } = await newUser()
  await user.startHost('--site', site, '--no-start')
  expect(await user.document<Status>('status')).toMatchObject({ live: true })
  const second = await user.startHost('--site', site, '--no-start')
  await until('the second to say so', () => /already|open/.test(second.said()))
  expect(await user.document<Status>('status')).toMatchObject({ live: true, site: { directory: site } })
  expect(await second.stop('SIGTERM')).toBe(0)
})

test('after a kill -9 of the console, what it left running can be stopped from the command line', async () => {
  const { user, site } = await newUser()
  const host = await user.startHost('--site', site, '--no-start')
  expect(await user.run('trust', '--yes')).toMatchObject({ code: 0 })
  expect(await user.run('start', '--all')).toMatchObject({ code: 0 })
  const pids = ['web', 'ticker'].map((service) => async () => pidOf(await user.document<Status>('status'), service))
  const [web, ticker] = [await pids[0]?.(), await pids[1]?.()]
  await host.stop('SIGKILL')
  expect([web, ticker].map((pid) => pid !== undefined && isRunning(pid))).toEqual([true, true])

  expect(await user.document<Status>('status', '--site', site)).toMatchObject({ live: false })
  expect([web, ticker].map((pid) => pid !== undefined && isRunning(pid))).toEqual([true, true])
  expect(await user.run('emergency-stop', '--site', site)).toMatchObject({ code: 0 })
  await until('both to be gone', () => ![web, ticker].some((pid) => pid !== undefined && isRunning(pid)))
})

/** Whose commands are programs, or run in this process where there are many of them. */
async function newUser(Kind: typeof TestUser | typeof UserHere = TestUser) {
  const folder = temporaryFolder()
  const user = new Kind(folder.path)
  onTestFinished(async () => {
    await user.endSite(join(folder.path, 'site'))
    folder[Symbol.dispose]()
  })
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  return { user, site: directory }
}

function pidOf({ services }: Status, service: string): number {
  const pid = services.find(({ id }) => id === service)?.pid
  if (typeof pid !== 'number') throw new Error(`${service} does not run.`)
  return pid
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
