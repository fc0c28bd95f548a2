import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../../../test/support/ports.ts'
import { order, serviceRig } from '../../../../test/support/service-rig.ts'
import { serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'

const busy = `
  import { spawn } from 'node:child_process'
  import { createSocket } from 'node:dgram'
  import { createServer } from 'node:net'
  createServer().listen(Number(process.env.PORT_HTTP ?? 0), '127.0.0.1')
  createServer().listen(Number(process.env.PORT_OPEN ?? 0), '0.0.0.0')
  createSocket('udp4').bind(Number(process.env.PORT_DATAGRAMS ?? 0), '127.0.0.1')
  spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'token=secret'], { stdio: 'ignore' })
  // Leaves the tree, its session and its parent, as a daemon does.
  spawn('setsid', ['sh', '-c', 'sleep 300 & exit 0'], { stdio: 'ignore' })
  process.on('SIGHUP', () => console.log('read anew'))
  setInterval(() => {}, 1000)
  console.log('up')`

test('a service is told with its tree, its strays, its ports and open files, and no argument of any command line', async () => {
  const [http = 0, open = 0, datagrams = 0, silent = 0] = await freePorts(4)
  const env = { PORT_OPEN: String(open), PORT_DATAGRAMS: String(datagrams) }
  await using rig = await serviceRig({
    services: [serviceOf('api', { ports: { http, silent }, env })],
    files: { 'api.mjs': busy },
  })
  await rig.coordinator.start(['api'], order)
  const seen = await until('all of it', () => {
    const look = rig.coordinator.processes('api')
    return look.processes.some(({ strayed }) => strayed) && look.ports.length === 3 && look
  })
  const pid = rig.view('api').pid
  const [first, ...others] = seen.processes
  expect(first).toMatchObject({ pid, depth: 0, name: 'node api.mjs', strayed: false })
  expect(first?.memory).toBeGreaterThan(10_000_000)
  expect(first?.ageMs).toBeGreaterThanOrEqual(0)
  expect(first?.ageMs).toBeLessThan(120_000)
  expect(others.find(({ parent }) => parent === pid)).toMatchObject({ depth: 1, name: 'node' })
  expect(others.find(({ strayed }) => strayed)).toMatchObject({ name: 'sleep', depth: 0 })
  expect(JSON.stringify(seen)).not.toContain('secret')
  expect(seen.ports).toEqual(
    [
      { protocol: 'tcp', address: '127.0.0.1', port: http, pid, name: 'http', beyondLoopback: false },
      { protocol: 'tcp', address: '0.0.0.0', port: open, pid, name: null, beyondLoopback: true },
      { protocol: 'udp', address: '127.0.0.1', port: datagrams, pid, name: null, beyondLoopback: false },
    ].toSorted((a, b) => a.port - b.port),
  )
  expect(seen.silent).toEqual([{ name: 'silent', port: silent }])
  expect(seen.openFiles).toBeGreaterThan(5)
  expect(seen.complete).toBe(true)

  const cpu = await until('the share of each process', () => rig.coordinator.processes('api').processes[0]?.cpu)
  expect(cpu).toBeGreaterThanOrEqual(0)

  await rig.coordinator.stop(['api'], order)
  expect(rig.coordinator.processes('api')).toMatchObject({ processes: [], ports: [], sentence: 'It does not run.' })
})

test('a signal that the service knows is sent and recorded; one that would end it is refused', async () => {
  await using rig = await serviceRig({ services: [serviceOf('api')], files: { 'api.mjs': busy } })
  expect(() => rig.coordinator.signal('api', 'SIGHUP', order.cause)).toThrow(
    'api has no process that could be sent SIGHUP.',
  )
  await rig.coordinator.start(['api'], order)
  await rig.logged('api', 'up')
  const { pid } = rig.view('api')
  const ways = rig.coordinator.processes('api').signals
  expect(ways.filter(({ may }) => may).map(({ signal }) => signal)).toEqual([
    'SIGHUP',
    'SIGUSR1',
    'SIGWINCH',
    'SIGCONT',
  ])
  expect(ways.find(({ signal }) => signal === 'SIGUSR1')?.sentence).toContain('debugger')

  expect(rig.coordinator.signal('api', 'SIGHUP', order.cause)).toEqual({
    sentence: `SIGHUP was sent to api (pid ${pid}).`,
  })
  await rig.logged('api', 'read anew')
  expect(() => rig.coordinator.signal('api', 'SIGUSR2', order.cause)).toThrow(
    'SIGUSR2 is not sent to api: it has no code for this signal, so the system would end it.',
  )
  expect(rig.view('api')).toMatchObject({ pid, state: 'running' })
  const events = await rig.events()
  expect(events.filter(({ kind }) => kind === 'service.signalled')).toMatchObject([
    { subject: 'service:api', cause: order.cause, data: { signal: 'SIGHUP', pid } },
  ])
})

test('a suspended service goes on when it is sent SIGCONT', async () => {
  await using rig = await serviceRig({ services: [serviceOf('api')], files: { 'api.mjs': busy } })
  await rig.coordinator.start(['api'], order)
  await rig.logged('api', 'up')
  const identity = rig.processes.identify(rig.view('api').pid ?? 0)
  if (!identity) throw new Error('it has a process')
  rig.processes.signal(identity, 'SIGSTOP')
  onTestFinished(() => void rig.processes.signal(identity, 'SIGCONT'))
  rig.coordinator.signal('api', 'SIGHUP', order.cause)
  rig.coordinator.signal('api', 'SIGCONT', order.cause)
  await rig.logged('api', 'read anew')
})
