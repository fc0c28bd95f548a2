import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installSampleSite } from '#core/config/index.ts'
import { askWhy } from '#core/diagnostics/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Console } from '../../src/main/console/index.ts'
import { temporaryFolder } from '../support/folders.ts'
import { freePorts } from '../support/ports.ts'
import { openTestConsole } from '../support/test-console.ts'
import { until } from '../support/until.ts'

// The sample site with its real services, one trouble after the other, each really made: what the console says why, and what it
// names as the first failing thing.

const operator: Cause = { type: 'operator', via: 'browser' }
const folder = temporaryFolder()
let console: Console
let ports: { readonly mqtt: number; readonly api: number; readonly kiosk: number }
let directory: string

beforeAll(async () => {
  const [mqtt = 0, api = 0, kiosk = 0] = await freePorts(3)
  ports = { mqtt, api, kiosk }
  console = await openTestConsole(folder.path)
  directory = console.sampleFolder
  await installSampleSite(join(import.meta.dirname, '../../resources/sites/consultease'), directory)
  edit((text) => text.replace('18830', `${mqtt}`).replace('18101', `${api}`).replace('18102', `${kiosk}`))
})

afterAll(async () => {
  await console.close({ services: 'stop' })
  folder[Symbol.dispose]()
})

test('while no site is open, that is the answer to everything', async () => {
  expect(await why('site')).toMatchObject({ sentence: 'Nothing runs because no site is open.', root: 'site' })
  expect((await why('api')).sentence).toBe('api does not run because no site is open.')
})

test('what was never started says so; what runs says that nothing is wrong', async () => {
  await console.openInitial({ site: directory, otherwise: 'none', start: false })
  expect((await why('kiosk')).sentence).toBe('kiosk is stopped because nothing has started it yet.')
  await console.site?.start(operator)
  await allHealthy()
  const told = await why('service:api')
  expect(told.sentence).toMatch(/^Nothing is wrong with api: it is healthy since \d\d:\d\d, all 3 probes pass\.$/)
  expect(told.health).toBe('healthy')
  expect((await why('broker')).sentence).toMatch(/^Nothing is wrong with the broker: /)
})

test('a service that was killed while its port was taken: its dependent names it, the port, and who holds it', async () => {
  const { pid } = service('api')
  if (pid === null) throw new Error('api runs, so it has a pid.')
  process.kill(pid, 'SIGKILL')
  await using _thief = await listenOn(ports.api)
  await until('api to be kept from starting', () => /port \d+/.test(service('api').reason))
  const told = await why('kiosk')
  expect(told.root).toBe('service:api')
  expect(told.sentence).toMatch(
    new RegExp(
      `because api is (not healthy|unhealthy): api cannot start because port ${ports.api}, .* is held by process ${process.pid} `,
    ),
  )
  expect(told.evidence[0]).toMatchObject({ what: 'state', subject: 'service:kiosk', page: '/services/kiosk' })
  expect(told.evidence.find(({ subject, what }) => subject === 'service:api' && what === 'event')?.page).toMatch(
    /^\/timeline\/ev-/,
  )
  expect(told.fixes).toContainEqual({ label: 'Restart api', action: { type: 'restart-service', service: 'api' } })
  expect((await why('site')).root).toBe('service:api')
})

test('once the port is free it is well again, and remembers that it had exited', async () => {
  await console.site?.services.start(['api'], operator)
  await allHealthy()
  expect((await why('api')).sentence).toMatch(
    /^Nothing is wrong with api: it is healthy since \d\d:\d\d, after it exited once, last at /,
  )
})

test('a program that ends with an error is quoted', async () => {
  const script = join(directory, 'current', 'services', 'api.mjs')
  renameSync(script, `${script}.kept`)
  writeFileSync(script, "throw new Error('cannot read the timetable of room 204')\n")
  await console.site?.services.restart('api', operator)
  await until('api to exit twice', () => service('api').restarts >= 1 && service('api').lastExit?.code === 1)
  const told = await why('api')
  renameSync(`${script}.kept`, script)
  expect(told.sentence).toMatch(/^api exited .*with code 1.*\(‘cannot read the timetable of room 204’\)/)
  expect(told.evidence.map(({ what }) => what)).toContain('log')
  await console.site?.services.start(['api'], operator)
  await allHealthy()
})

test('an operator who stops the broker is named in the answer of everything that went down with it', async () => {
  await console.site?.services.stop(['broker'], operator)
  const needing = ['broker', 'api', 'desk-units', 'kiosk']
  await until('all that needs it to stop', () => needing.every((id) => service(id).state === 'stopped'))
  expect((await why('kiosk')).sentence).toMatch(
    /^kiosk is stopped because an operator stopped broker, which it needs, from the browser at \d\d:\d\d\.$/,
  )
  expect(await why('broker')).toMatchObject({
    root: 'service:broker',
    sentence: expect.stringMatching(
      /^The router has no broker: broker is stopped because an operator stopped it from the browser at/,
    ),
  })
  expect((await why('route:acks')).root).toBe('service:broker')
  expect((await why('site')).sentence).toMatch(
    /^Nothing is wrong with ConsultEase: the one wanted service is well since .* 4 others do not run: broker is stopped because an operator stopped it/,
  )
  const stop = service('kiosk').event ?? ''
  const event = await why(`event:${stop}`)
  expect(event.sentence).toMatch(/, because an operator began “Stop broker” from the browser at \d\d:\d\d\.$/)
  expect(event.evidence).toHaveLength(3)
  const seq = console.site?.events.byId(stop)?.seq
  expect(await why(`event:${seq}`), 'by the number that the list of events shows').toEqual(event)
  await expect(why('event:987654321')).rejects.toMatchObject({ problem: { code: 'subject-unknown' } })
})

test('a mistake in site.yaml is told with its line, while the last valid one goes on', async () => {
  await console.site?.start(operator)
  await allHealthy()
  edit((text) => text.replace('\nroutes:\n', '\nrouts:\n'))
  await console.site?.reload(operator)
  const told = await why('card:site-yaml-invalid')
  expect(told.sentence).toMatch(/site\.yaml line \d+: .*routs/)
  expect(told.fixes[0]).toEqual({ label: 'Read it again', action: { type: 'reload-config' } })
  expect((await why('site')).sentence).toContain('site.yaml')
  edit((text) => text.replace('\nrouts:\n', '\nroutes:\n'))
  await console.site?.reload(operator)
})

test('a service that was taken out of site.yaml is still known by what is recorded of it', async () => {
  edit((text) => text.replace(/\n {6}kiosk: .*/, '').replace(/\n {2}kiosk:\n {4}title[\s\S]*?(?=\n\nroutes:)/, ''))
  await console.site?.reload(operator)
  await until('kiosk to be gone', () => console.state.slice('services').get('kiosk') === undefined)
  expect((await why('service:kiosk')).sentence).toMatch(
    /^kiosk is not a service of this site any more: .*last heard of at/,
  )
  await expect(why('kiosky')).rejects.toMatchObject({ problem: { code: 'subject-unknown' } })
  await expect(why('event:ev-none')).rejects.toMatchObject({ problem: { code: 'subject-unknown' } })
})

function why(subject: string) {
  return askWhy(subject, console)
}

function services(): readonly ServiceView[] {
  return Object.values(console.state.slice('services').all())
}

function service(id: string): ServiceView {
  const view = console.state.slice('services').get(id)
  if (!view) throw new Error(`There is no service ${id}.`)
  return view
}

async function allHealthy(): Promise<void> {
  await until(
    'every service to be healthy',
    () => services().length > 0 && services().every(({ health }) => health === 'healthy'),
  )
}

function edit(change: (text: string) => string): void {
  const file = join(directory, 'site.yaml')
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

/** Takes a port as soon as whoever had it lets go. */
async function listenOn(port: number): Promise<AsyncDisposable> {
  const server = await until('the port to be free', () => tryListen(port))
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) }
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server))
  })
}
