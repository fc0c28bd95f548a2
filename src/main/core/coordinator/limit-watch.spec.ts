import { expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { order, type ServiceRig, serviceRig } from '../../../../test/support/service-rig.ts'
import { serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'

const limits = { memory: null, cpu: null, processes: null, openFiles: null, forMs: 6_000 }
/** Opens files and starts processes when it is told to, and closes and ends them again. */
const greedy = `
  import { spawn } from 'node:child_process'
  import { closeSync, openSync } from 'node:fs'
  const files = []
  const children = []
  process.on('SIGHUP', () => {
    while (files.length < 200) files.push(openSync('/dev/null', 'r'))
    for (let n = 0; n < 2; n++) children.push(spawn('sleep', ['300'], { stdio: 'ignore' }))
    console.log('more')
  })
  process.on('SIGUSR2', () => {
    for (const file of files.splice(0)) closeSync(file)
    for (const child of children.splice(0)) child.kill()
    console.log('less')
  })
  setInterval(() => {}, 1000)
  console.log('up')`

/** Lets samples be taken until one counts so many processes: the table of processes is a real one, read now and then. */
async function sampled(rig: ServiceRig, clock: ManualClock, processes: number): Promise<void> {
  await until(`${processes} processes in a sample`, async () => {
    if (rig.coordinator.processes('api').processes.length !== processes) return false
    const identity = rig.processes.identify(rig.view('api').pid ?? 0)
    await until('read anew', () => identity && rig.processes.usage(identity)?.processes === processes)
    await clock.advance(2_000)
    return true
  })
}

/** Stops the service under a clock that is moved by hand: its end is looked for every few milliseconds of it. */
async function stop(rig: ServiceRig, clock: ManualClock): Promise<void> {
  const stopped = rig.coordinator.stop(['api'], order)
  await until('stopped', async () => {
    await clock.advance(50)
    return rig.view('api').state === 'stopped'
  })
  await stopped
}

test('a service beyond its limits for long enough has an event for each and one card; below them again both end; nothing is killed', async () => {
  const clock = new ManualClock()
  const service = serviceOf('api', { limits: { ...limits, processes: 2, openFiles: 150 } })
  await using rig = await serviceRig({ services: [service], files: { 'api.mjs': greedy }, clock })
  await rig.coordinator.start(['api'], order)
  await rig.logged('api', 'up')
  const { pid } = rig.view('api')
  await clock.advance(10_000)
  expect(rig.cards.size).toBe(0)

  rig.coordinator.signal('api', 'SIGHUP', order.cause)
  await rig.logged('api', 'more')
  await sampled(rig, clock, 3)
  await clock.advance(4_000)
  expect(rig.cards.size).toBe(0)
  expect(rig.coordinator.processes('api').limits).toEqual([
    { what: 'processes', most: 2, now: 3, over: false },
    { what: 'open-files', most: 150, now: expect.any(Number), over: false },
  ])
  await clock.advance(2_000)
  expect([...rig.cards.values()]).toMatchObject([
    {
      id: 'service-over-limit:api',
      subject: 'service:api',
      severity: 'warning',
      title: 'api uses more than its limits allow',
      why: expect.stringContaining('3 processes, where its limit in site.yaml is 2 processes; and 2'),
      fixes: [{ action: { type: 'restart-service', service: 'api' } }, { action: { type: 'go-to' } }],
    },
  ])

  rig.coordinator.signal('api', 'SIGUSR2', order.cause)
  await rig.logged('api', 'less')
  await sampled(rig, clock, 1)
  await clock.advance(4_000)
  expect(rig.cards.size).toBe(1)
  await clock.advance(2_000)
  expect(rig.cards.size).toBe(0)
  expect(rig.view('api')).toMatchObject({ pid, state: 'running' })

  await stop(rig, clock)
  const told = (await rig.events()).filter(({ kind }) => kind.includes('limit'))
  expect(told.map(({ kind, data }) => `${kind} ${data.limit}`)).toEqual([
    'service.over-limit processes',
    'service.over-limit open-files',
    'service.within-limit processes',
    'service.within-limit open-files',
  ])
  expect(told[0]).toMatchObject({
    severity: 'warning',
    message: 'api uses 3 processes, for 6 s more than its limit of 2 processes.',
    cause: { type: 'observation' },
    data: { limit: 'processes', value: 3, most: 2, forMs: 6_000 },
  })
})

test('the card goes when the service is stopped, and the next process starts anew', async () => {
  const clock = new ManualClock()
  const service = serviceOf('api', { limits: { ...limits, memory: 1024 ** 2, forMs: 4_000 } })
  await using rig = await serviceRig({ services: [service], files: { 'api.mjs': greedy }, clock })
  await rig.coordinator.start(['api'], order)
  await clock.advance(8_000)
  expect([...rig.cards.keys()]).toEqual(['service-over-limit:api'])
  await stop(rig, clock)
  await clock.advance(2_000)
  expect(rig.cards.size).toBe(0)
})
