import { existsSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { controlSocketPath } from '#core/platform/index.ts'
import { takeSiteLock } from '#core/store/index.ts'
import { greet } from '#shared/client/index.ts'
import { transportPair } from '../../src/main/cli/transport-pair.ts'
import { UserHere } from '../support/command-line.ts'
import { temporaryFolder } from '../support/folders.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const waits = 'The console is opening the site.'

test.each([
  ['named', true],
  ['not named', false],
])('a command that comes while the console opens the site waits for it: the site is %s', async (_, named) => {
  const { user, userClock, consoleClock, release, opening, site } = await openingSite()
  const option = named ? ['--site', site] : []
  const look = user.document<{ live: boolean; site: { directory: string } }>('status', ...option)
  const order = user.run('start', 'ticker', ...option)
  await until('both to wait', () => user.progress.filter((line) => line === waits).length === 2, 90_000)
  await release()
  await moved(consoleClock, opening)
  // The console tells what has changed on its clock; a command that looked in the very moment looks again a little later, on its own.
  const both = Promise.all([look, order])
  await Promise.all([moved(consoleClock, both), moved(userClock, both)])
  expect(await look).toMatchObject({ live: true, site: { directory: site } })
  // It is the console that answers, not the command line that no console runs.
  expect(await order).toMatchObject({ code: 2, err: expect.stringContaining('has not been trusted yet') })
})

test('when the console gives up, a look says why by itself, and an order that the console has no site', async () => {
  const { user, userClock, consoleClock, opening, site } = await openingSite()
  const look = user.run('status', '--site', site)
  const order = user.run('start', 'ticker', '--site', site)
  await until('both to wait', () => user.progress.filter((line) => line === waits).length === 2, 90_000)
  await moved(consoleClock, opening)
  expect(await order).toMatchObject({ code: 2, err: expect.stringContaining('The console that runs could not open') })
  await moved(userClock, look)
  expect(await look).toMatchObject({ code: 2, err: expect.stringContaining('is already open: the command line') })
})

test('a site that a command had for longer than the console waits is opened once it is given back', async () => {
  const { console, consoleClock, opening, release, site } = await openingSite()
  const phase = () => console.state.slice('console').get('console')?.phase
  await moved(consoleClock, opening)
  expect(phase()).toBe('could not open')
  await consoleClock.advance(3_000)
  expect(phase()).toBe('could not open')
  await release()
  const opened = until('the site open', () => phase() === 'open' || undefined, 90_000)
  await moved(consoleClock, opened)
  expect(console.site?.directory).toBe(site)
})

test('a console that does not get its site open is waited for for a minute', async () => {
  const { user, userClock, site } = await openingSite()
  const look = user.run('status', '--site', site)
  await until('it to wait', () => user.progress.includes(waits), 90_000)
  await userClock.advance(59_000)
  expect(await Promise.race([look, 'it waits'])).toBe('it waits')
  await userClock.advance(1_000)
  expect(await look).toMatchObject({ code: 2, err: expect.stringContaining('has been opening the site for 60 s') })
})

/** A console that waits for a command to give its site back, each on a clock of its own, and a user beside it. */
async function openingSite() {
  const folder = temporaryFolder()
  const { directory } = await makeTinySite(join(folder.path, 'site'))
  const site = realpathSync(directory)
  const { pid } = process
  const command = { host: 'command line', hostname: 'lab', pid, since: 0, address: null, socket: null } as const
  const lock = await takeSiteLock(join(site, '.wheelhouse'), command)
  const consoleClock = new ManualClock()
  const console = await openTestConsole(folder.path, consoleClock)
  const userClock = new ManualClock()
  onTestFinished(async () => {
    await lock[Symbol.asyncDispose]()
    await moved(consoleClock, console.close({ services: 'stop' }))
    folder[Symbol.dispose]()
  })
  const opening = console.openInitial({ site, otherwise: 'none', start: false })
  const user = new UserHere(folder.path, userClock)
  await until('the console to listen', () => existsSync(controlSocketPath(user.folders, site)), 90_000)
  return {
    user,
    console,
    userClock,
    consoleClock,
    opening,
    site,
    release: () => lock[Symbol.asyncDispose](),
  }
}

/** Moves a clock on until something that waits on it has come. Patient: what else it waits for is real work of a busy machine. */
async function moved(clock: ManualClock, something: Promise<unknown>): Promise<void> {
  let over = false
  const done = () => {
    over = true
  }
  something.then(done, done)
  await until(
    'what waits on the clock',
    async () => {
      await clock.advance(100)
      return over
    },
    90_000,
  )
}

test('a stream that is asked for as soon as the site is shown goes on once the site is open', async () => {
  using folder = temporaryFolder()
  const directory = join(folder.path, 'site')
  await mkdir(directory)
  await writeFile(join(directory, 'site.yaml'), 'wheelhouse: 1\nsite: lab\nservices: {}\n')
  const console = await openTestConsole(folder.path)
  onTestFinished(() => console.close({ services: 'stop' }))
  const { client, server } = transportPair()
  console.connect(server, { client: 'browser', token: null })
  const connection = await greet(client, { client: 'browser' })
  const ended: unknown[] = []
  const seen: string[] = []
  const ask = () =>
    connection.subscribe(
      'events.tail',
      {},
      ({ items }) => void seen.push(...items.map(({ kind }) => kind)),
      (problem) => ended.push(problem),
    )
  const opened = console.openInitial({ site: directory, otherwise: 'none', start: false })
  // The page asks when the state shows the site, which is while the console still writes down that it is open.
  while (!console.site) await new Promise((resolve) => setImmediate(resolve))
  ask()
  await opened
  await console.site?.events.record({
    kind: 'test.done',
    subject: 'site',
    severity: 'info',
    message: 'Done.',
    cause: { type: 'console', why: 'the test' },
  })
  await until('the event to arrive', () => ended.length > 0 || seen.includes('test.done'), 60_000)
  expect(ended).toEqual([])
})
