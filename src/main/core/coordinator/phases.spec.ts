import { expect, test } from 'vitest'
import { openJobs } from '#core/jobs/index.ts'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { inPhases } from './planner.ts'
import { serviceJobs } from './service-jobs.ts'

const phases = [
  { id: 'core', title: 'Core infrastructure' },
  { id: 'empty', title: 'Nothing yet' },
  { id: 'business', title: 'Business services' },
]

test('services stand under the phases of the site in its order, those without one at the end', () => {
  const services = [
    serviceOf('api', { phase: 'business' }),
    serviceOf('loose'),
    serviceOf('broker', { phase: 'core' }),
    serviceOf('kiosk', { phase: 'business' }),
  ]
  const site = { ...siteOf(services), phases }
  const plan = inPhases(site, ['kiosk', 'broker', 'loose', 'api'])
  expect(plan.map(({ title, services: ids }) => [title, ...ids])).toEqual([
    ['Core infrastructure', 'broker'],
    ['Business services', 'kiosk', 'api'],
    ['Other services', 'loose'],
  ])
})

test('the start job goes through the phases and tells the chain that decided; the next console expects what was measured', async () => {
  const services = [
    serviceOf('broker', { run: ['idle.mjs'], phase: 'core' }),
    serviceOf('api', { run: ['idle.mjs'], phase: 'business', needs: { broker: 'healthy' } }),
    serviceOf('camera', { phase: 'business', optional: true }), // its script does not exist
  ]
  const definition = { ...siteOf(services), phases }
  await using rig = await serviceRig({ definition, files: { 'idle.mjs': scripts.idle } })
  const path = () => rig.state.slice('startPath').get('start')
  expect(path()).toMatchObject({
    basis: 'shape',
    totalMs: null,
    links: [{ service: 'broker', ms: null }, { service: 'api' }],
  })
  await using jobs = await openJobs({
    database: rig.database,
    events: rig.log,
    state: rig.state.slice('jobs'),
    clock: systemClock(),
    logger: silentLogger,
  })
  const { job } = await serviceJobs(rig.coordinator, jobs, () => {}).start('all', order.cause)
  const done = await jobs.finished(job)
  expect(done.state).toBe('completed')
  expect(done.steps.map(({ title, state }) => [title, state])).toEqual([
    ['Core infrastructure', 'done'],
    ['Business services', 'done'],
  ])
  expect(done.message).toMatch(
    /^broker, api are running\. camera, which is optional, is not: The script .* It took [\d.]+ m?s, decided by broker [\d.]+ m?s → api [\d.]+ m?s\.$/,
  )
  expect(path()).toMatchObject({ basis: 'last start', links: [{ service: 'broker' }, { service: 'api' }] })

  await rig.see('api', 'healthy', ({ health }) => health === 'healthy')
  await rig.coordinator.define(definition)
  expect(path()).toMatchObject({ basis: 'earlier starts', links: [{ service: 'broker' }, { service: 'api' }] })
  expect(rig.database.all({ sql: 'SELECT service FROM service_start_times ORDER BY service' })).toEqual([
    { service: 'api' },
    { service: 'broker' },
  ])
})

test('a lost service fails the step of its phase, and the others go on', async () => {
  const services = [
    serviceOf('broker', { phase: 'core' }), // its script does not exist
    serviceOf('api', { run: ['idle.mjs'], phase: 'business' }),
  ]
  await using rig = await serviceRig({
    definition: { ...siteOf(services), phases },
    files: { 'idle.mjs': scripts.idle },
  })
  await using jobs = await openJobs({
    database: rig.database,
    events: rig.log,
    state: rig.state.slice('jobs'),
    clock: systemClock(),
    logger: silentLogger,
  })
  const { job } = await serviceJobs(rig.coordinator, jobs, () => {}).start('all', order.cause)
  const done = await jobs.finished(job)
  expect(done.state).toBe('failed')
  expect(done.steps.map(({ state }) => state)).toEqual(['failed', 'done'])
  expect(done.message).toContain('broker is not running: The script')
  expect(rig.view('api').state).toBe('running')
})
