import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { silentLogger, systemClock, systemProcesses } from '#core/platform/index.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { openTestConsole } from '../support/test-console.ts'
import { makeTinySite } from '../support/tiny-site.ts'
import { until } from '../support/until.ts'

const operator = { type: 'operator', via: 'command line' } as const

/** A tiny site with a service more, that ends with code 3 while its state is broken. */
async function brokenSite(home: string, recovery: string) {
  const { directory } = await makeTinySite(join(home, 'site'), { extra: `recovery:\n${recovery}` })
  writeFileSync(
    join(directory, 'services', 'flaky.mjs'),
    `import { existsSync } from 'node:fs'
if (existsSync('data/flaky/broken')) { console.error('my state is broken'); process.exit(3) }
setInterval(() => {}, 1000)
`,
  )
  mkdirSync(join(directory, 'data', 'flaky'))
  const file = join(directory, 'site.yaml')
  const services = '  flaky: { kind: node, run: services/flaky.mjs, restart: { policy: never } }\nroutes:'
  writeFileSync(file, readFileSync(file, 'utf8').replace('routes:', services))
  return directory
}

async function trusted(home: string, directory: string): Promise<Console> {
  const console = await openTestConsole(home)
  onTestFinished(() => console.close({ services: 'stop' }))
  await console.openInitial({ site: directory, otherwise: 'none', start: true })
  const { fingerprint } = console.state.slice('site').get('site')?.trust ?? {}
  if (fingerprint !== undefined) await console.site?.trust(fingerprint, operator)
  return console
}

const serviceOf = (console: Console, id: string) => console.state.slice('services').get(id)

it('a failed service is climbed for: the restart does not help for long, setting its state aside does; all of it is on record with its cause', async () => {
  using folder = temporaryFolder()
  const directory = await brokenSite(
    folder.path,
    `  revive:
    when: service.failed
    of: flaky
    for: 500ms
    do: [ restart, { reset-state: [ "data/\${service}" ] }, call-operator ]
    backoff: { first: 300ms, cap: 300ms }
  restart-unhealthy: off
`,
  )
  const console = await trusted(folder.path, directory)
  await until('flaky to run', () => serviceOf(console, 'flaky')?.state === 'running')
  writeFileSync(join(directory, 'data', 'flaky', 'broken'), 'x')
  process.kill(serviceOf(console, 'flaky')?.pid ?? 0, 'SIGKILL')
  const history = () => console.site?.recovery.history({ limit: 10, policy: 'revive' }).attempts ?? []
  await until('its state to be set aside', () =>
    history().some(({ action, result }) => action === 'reset-state' && result === 'done'),
  )
  await until('flaky to run again', () => serviceOf(console, 'flaky')?.state === 'running')
  expect(history().map(({ action, result }) => `${action} ${result}`)).toEqual(['reset-state done', 'restart done'])
  const [aside = ''] = readdirSync(join(directory, '.wheelhouse', 'set-aside'))
  expect(existsSync(join(directory, '.wheelhouse', 'set-aside', aside, 'data', 'flaky', 'broken'))).toBe(true)

  await until('the trouble to be over', () => console.state.slice('recovery').get('revive')?.state === 'cooling-down')
  expect(console.site?.attention.open().filter(({ id }) => id.startsWith('recovery:'))).toEqual([])
  const [reset] = history()
  const events = console.site ? (await console.site.events.page({ kind: 'service.started', limit: 20 })).events : []
  expect(events.find(({ subject }) => subject === 'service:flaky')?.operation).toBe(reset?.job)
})

it('in maintenance a killed service stays down and no recovery acts, also over a restart of the console; at the end it runs again', async () => {
  using folder = temporaryFolder()
  const directory = await brokenSite(
    folder.path,
    '  revive: { when: service.failed, of: flaky, for: 300ms, do: [ restart ] }\n',
  )
  const console = await trusted(folder.path, directory)
  await until('all to run', () =>
    Object.values(console.state.slice('services').all()).every(({ state }) => state === 'running'),
  )
  await console.site?.maintenance.begin({ forMs: 3_600_000, reason: 'new switch' }, operator)
  process.kill(serviceOf(console, 'ticker')?.pid ?? 0, 'SIGKILL')
  process.kill(serviceOf(console, 'flaky')?.pid ?? 0, 'SIGKILL')
  await until('ticker to be held back', () => serviceOf(console, 'ticker')?.reason.includes('held back by maintenance'))
  await until('recovery to be held back', () => console.state.slice('recovery').get('revive')?.state === 'held')
  await until('both to be counted', () => {
    const held = console.state.slice('maintenance').get('maintenance')?.held
    return held?.restarts === 1 && held.recoveries === 1
  })
  const card = console.site?.attention.open().find(({ id }) => id === 'service-failed:flaky')
  expect(card?.shelved).toBe(true)
  await console.close({ services: 'stop' })

  const again = await trusted(folder.path, directory)
  expect(again.site?.maintenance.on).toBe(true)
  expect(serviceOf(again, 'ticker')).toMatchObject({ wanted: false, state: 'stopped' })
  await again.site?.maintenance.end(operator)
  await until('all to run', () =>
    Object.values(again.state.slice('services').all()).every(({ state }) => state === 'running'),
  )
  const over = again.site?.attention.open().find(({ id }) => id === 'maintenance-over')
  expect(over?.why).toContain('ticker')
  expect(over?.why).toContain('The site was not started')
})

it('a console that is killed in the middle of a step finds it as interrupted, and goes on with the next', async () => {
  using folder = temporaryFolder()
  const directory = await brokenSite(
    folder.path,
    `  revive:
    when: service.failed
    of: flaky
    for: 300ms
    do: [ { run: services/slow.sh, within: 5m }, { reset-state: [ data/flaky ] } ]
    backoff: { first: 300ms, cap: 300ms }
  restart-unhealthy: off
`,
  )
  writeFileSync(
    join(directory, 'services', 'slow.sh'),
    '#!/bin/sh\necho $$ > data/part\nmv data/part data/begun\nexec sleep 120\n',
    {
      mode: 0o755,
    },
  )
  const first = await trusted(folder.path, directory)
  await first.close({ services: 'stop' })
  writeFileSync(join(directory, 'data', 'flaky', 'broken'), 'x')

  const mortal = spawn(
    process.execPath,
    [join(import.meta.dirname, '../support/mortal-console.program.ts'), folder.path, directory],
    {
      stdio: 'inherit',
    },
  )
  onTestFinished(() => void mortal.kill('SIGKILL'))
  await until('the step to have begun', () => existsSync(join(directory, 'data', 'begun')))
  mortal.kill('SIGKILL')
  await once(mortal, 'exit')
  const processes = systemProcesses({ clock: systemClock(), logger: silentLogger, runtime: null })
  const command = processes.identify(Number(readFileSync(join(directory, 'data', 'begun'), 'utf8')))
  if (!command) throw new Error('the command of the step did not outlive the console')
  onTestFinished(() => void processes.signal(command, 'SIGKILL'))

  const console = await trusted(folder.path, directory)
  expect(processes.isAlive(command), 'what the step ran is ended before anything is started').toBe(false)
  const history = () => console.site?.recovery.history({ limit: 10, policy: 'revive' }).attempts ?? []
  expect(history()).toMatchObject([{ action: 'run', result: 'interrupted' }])
  await until('the next step', () =>
    history().some(({ action, result }) => action === 'reset-state' && result === 'done'),
  )
  await until('flaky to run', () => serviceOf(console, 'flaky')?.state === 'running')
})
