import { createServer, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { type Builtin, newId, type RunningBuiltin } from '#core/platform/index.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { probeOf, serviceOf, siteOf } from '../../../../test/support/site-definition.ts'

test('a node service may import the modules of the console, and what it cannot find is told with its own file', async () => {
  await using rig = await serviceRig({
    files: {
      'api.mjs': `
        import mqtt from 'mqtt'
        import { createRequire } from 'node:module'
        const Database = createRequire(import.meta.url)('better-sqlite3')
        console.log(typeof mqtt.connect, new Database(':memory:').prepare('SELECT 1 AS one').get().one)
        await import('no-such-package').catch((error) => console.log(error.code, error.message.includes('api.mjs')))
        await import('./no-such-file.mjs').catch((error) => console.log(error.code))
        setInterval(() => {}, 1000)`,
    },
    services: [serviceOf('api')],
  })
  await rig.coordinator.start('all', order)
  await rig.logged('api', 'function 1')
  await rig.logged('api', 'ERR_MODULE_NOT_FOUND true')
  await rig.logged('api', 'ERR_MODULE_NOT_FOUND')
  expect(rig.view('api').command).toBe(`node ${rig.directory}/api.mjs`)
})

test('a one-shot runs to its end before what needs it completed, and is not run again by start all', async () => {
  await using rig = await serviceRig({
    files: { 'task.mjs': scripts.task, 'api.mjs': scripts.idle },
    services: [serviceOf('task', { oneShot: true }), serviceOf('api', { needs: { task: 'completed' } })],
  })
  expect((await rig.coordinator.start('all', order)).failed).toEqual([])
  expect(rig.view('task')).toMatchObject({ state: 'completed', health: 'healthy' })
  expect(rig.view('api').state).toBe('running')
  await rig.coordinator.start('all', order)
  expect(rig.runs()).toHaveLength(2)
  await rig.coordinator.start(['task'], order)
  expect(rig.runs()).toHaveLength(3)
})

/** A builtin that is driven by the spec. */
function builtin() {
  const log: string[] = []
  let end: (reason: string) => void = () => {}
  let health: ReturnType<RunningBuiltin['health']> = { health: 'healthy', sentence: 'Two clients are connected.' }
  const made: Builtin = {
    async start({ ports }) {
      log.push(`started on ${ports.mqtt}`)
      const ended = new Promise<string>((resolve) => {
        end = resolve
      })
      return { health: () => health, ended, stop: async () => void log.push('stopped') }
    },
  }
  return {
    made,
    log,
    end: (reason: string) => end(reason),
    becomes: (next: typeof health) => {
      health = next
    },
  }
}

test('a builtin is supervised like any other: its health, its end, its restart, its stop', async () => {
  const [mqtt = 0] = await freePorts(1)
  const broker = builtin()
  await using rig = await serviceRig({
    builtins: { broker: broker.made },
    files: { 'api.mjs': scripts.idle },
    services: [
      serviceOf('broker', { kind: 'builtin', use: 'broker', ports: { mqtt } }),
      serviceOf('api', { needs: { broker: 'ready' } }),
    ],
  })
  await rig.coordinator.start('all', order)
  expect(rig.view('broker')).toMatchObject({
    state: 'running',
    health: 'healthy',
    reason: 'Two clients are connected.',
    pid: null,
  })
  broker.becomes({ health: 'degraded', sentence: 'A client is too slow.' })
  await rig.see('broker', 'degraded', ({ health }) => health === 'degraded')
  broker.becomes({ health: 'healthy', sentence: 'Fine again.' })
  broker.end('its thread ended')
  await rig.see('broker', 'restarted', ({ restarts, state }) => restarts === 1 && state === 'running')
  await rig.coordinator.stop('all', order)
  expect(broker.log).toEqual([`started on ${mqtt}`, `started on ${mqtt}`, 'stopped'])
  expect(rig.view('broker')).toMatchObject({ state: 'stopped' })
})

async function listening(port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end('ok')).listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return server
}

test('an external service is only watched: its outage is told with a card, makes its dependents unknown and quiet, and ends', async () => {
  const [port = 0] = await freePorts(1)
  let server = await listening(port)
  const tcp = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` })
  const own = { ...tcp, failures: 10 } // notices later than the watch over the database itself
  await using rig = await serviceRig({
    files: { 'api.mjs': scripts.idle },
    services: [
      serviceOf('database', { kind: 'external', run: [], probes: { startup: null, readiness: tcp, liveness: null } }),
      serviceOf('api', { needs: { database: 'ready' }, probes: { startup: null, readiness: own, liveness: own } }),
    ],
  })
  expect(rig.view('database')).toMatchObject({ state: 'external', health: 'unknown' })
  await rig.coordinator.start('all', order)
  const { pid } = await rig.see('api', 'healthy', ({ health }) => health === 'healthy')

  server.close()
  await rig.see('database', 'unhealthy', ({ health }) => health === 'unhealthy')
  const doubt = await rig.see(
    'api',
    'in doubt',
    ({ health, reason }) => health === 'unknown' && reason.includes('database'),
  )
  expect(doubt.reason).toBe('Not known while database, which it needs, is unhealthy.')
  expect([...rig.cards.keys()]).toEqual(['service-failed:database'])

  server = await listening(port)
  await rig.see('api', 'healthy again', ({ health }) => health === 'healthy')
  expect(rig.view('api').pid).toBe(pid)
  expect(rig.cards.size).toBe(0)
  await rig.coordinator.stop('all', order)
  expect(rig.view('database')).toMatchObject({ state: 'external', health: 'unknown', wanted: false })
})

test('what is already run by systemd can be taken over: the kind changes, the service is supervised', async () => {
  await using rig = await serviceRig({
    files: { 'api.mjs': scripts.idle },
    services: [serviceOf('api', { kind: 'external', run: [] })],
  })
  await rig.coordinator.start('all', order)
  await rig.coordinator.define(siteOf([serviceOf('api')]))
  expect(rig.view('api')).toMatchObject({ state: 'stopped', kind: 'node' })
  await rig.coordinator.start('all', order)
  expect(rig.view('api').state).toBe('running')
})

test('a changed definition adds, stops what is gone, and refuses a circle by name without changing anything', async () => {
  await using rig = await serviceRig({
    files: { 'idle.mjs': scripts.idle },
    services: [serviceOf('api', { run: ['idle.mjs'] }), serviceOf('old', { run: ['idle.mjs'] })],
  })
  await rig.coordinator.start('all', order)
  const circle = siteOf([serviceOf('a', { needs: { b: 'ready' } }), serviceOf('b', { needs: { a: 'ready' } })])
  await expect(rig.coordinator.define(circle)).rejects.toMatchObject({
    problem: { code: 'services-cycle', message: expect.stringContaining('a → b → a') },
  })
  expect(rig.view('old').state).toBe('running')
  await rig.coordinator.define(
    siteOf([serviceOf('api', { run: ['idle.mjs'] }), serviceOf('new', { run: ['idle.mjs'] })]),
  )
  expect(() => rig.view('old')).toThrow()
  expect(rig.view('api').state).toBe('running')
  expect(rig.view('new').state).toBe('stopped')
  expect(rig.processes.findByRuns(rig.runs()).size).toBe(1)
})

test('changed probes count at once, without a restart', async () => {
  const [port = 0] = await freePorts(1)
  const tcp = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` })
  await using rig = await serviceRig({ files: { 'api.mjs': scripts.idle }, services: [serviceOf('api')] })
  await rig.coordinator.start('all', order)
  const { pid } = await rig.see('api', 'healthy', ({ health }) => health === 'healthy')
  const probes = { startup: null, readiness: tcp, liveness: null }
  await rig.coordinator.define(siteOf([serviceOf('api', { probes })]))
  await rig.see('api', 'degraded', ({ health }) => health === 'degraded')
  await rig.coordinator.define(siteOf([serviceOf('api')]))
  expect(await rig.see('api', 'healthy again', ({ health }) => health === 'healthy')).toMatchObject({ pid })
})

test('an order that is under way when the site is closed is answered', async () => {
  const [port = 0] = await freePorts(1)
  const tcp = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` })
  const services = [serviceOf('api', { probes: { startup: tcp, readiness: null, liveness: null } })]
  await using rig = await serviceRig({ files: { 'api.mjs': scripts.idle }, services })
  const starting = rig.coordinator.start('all', order)
  await rig.see('api', 'asked', ({ probes }) => (probes[0]?.failures ?? 0) > 1)
  await rig.coordinator.stop(['api'], order)
  expect((await starting).failed).toHaveLength(1)
  const again = rig.coordinator.start('all', order)
  await rig.coordinator.release()
  expect((await again).failed[0]?.reason).toContain('the site was closed')
})

test('unknown services are refused by name', async () => {
  await using rig = await serviceRig({ services: [serviceOf('api')] })
  await expect(rig.coordinator.start([newId('no')], order)).rejects.toMatchObject({
    problem: { code: 'service-unknown', remedy: 'Its services are api.' },
  })
})
