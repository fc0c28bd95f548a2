import { expect, onTestFinished, test } from 'vitest'
import { order, scripts, serviceRig } from '../../../../test/support/service-rig.ts'
import { serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'
import { type Input, newMachine } from './machine.ts'
import { step } from './service-machine.ts'

const console_ = { type: 'console', why: 'the spec' } as const

test('while restarts are held a killed service stays down and says what holds it; when the hold ends it is started at once', async () => {
  const rig = await serviceRig({
    services: [serviceOf('idle', { kind: 'node', run: ['idle.mjs'] })],
    files: { 'idle.mjs': scripts.idle },
  })
  onTestFinished(() => rig[Symbol.asyncDispose]())
  await rig.coordinator.start('all', order)
  const { pid } = await rig.see('idle', 'running', ({ state }) => state === 'running')
  rig.coordinator.holdRestarts('maintenance', console_)
  process.kill(pid ?? 0, 'SIGKILL')
  const down = await rig.see('idle', 'down', ({ state }) => state === 'backing-off')
  expect(down).toMatchObject({ wanted: true, health: 'unhealthy', nextStartAt: null, restarts: 0 })
  expect(down.reason).toContain('held back by maintenance')
  const kinds = (await rig.events()).map(({ kind }) => kind)
  expect(kinds).toContain('service.held-back')
  expect(kinds).not.toContain('service.restarting')

  const again = rig.coordinator.start(['idle'], order) // an order is carried out all the same
  expect((await again).failed).toEqual([])
  const second = await rig.see('idle', 'running', ({ state }) => state === 'running')
  process.kill(second.pid ?? 0, 'SIGKILL')
  await rig.see('idle', 'down again', ({ state }) => state === 'backing-off')
  rig.coordinator.holdRestarts(null, console_)
  const third = await rig.see('idle', 'running', ({ state }) => state === 'running')
  expect(third.pid).not.toBe(second.pid)
  expect(third.restarts).toBe(1)
})

test('an order to start what crashes at once is answered while restarts are held', async () => {
  const rig = await serviceRig({
    services: [
      serviceOf('bad', {
        kind: 'node',
        run: ['bad.mjs'],
        restart: { ...serviceOf('x').restart, budget: { starts: 9, perMs: 60_000 } },
      }),
    ],
    files: { 'bad.mjs': scripts.crashes },
  })
  onTestFinished(() => rig[Symbol.asyncDispose]())
  rig.coordinator.holdRestarts('maintenance', console_)
  await rig.coordinator.start('all', order)
  await until('it is down', () => rig.view('bad').state === 'backing-off')
  const { failed } = await rig.coordinator.restart('bad', order)
  expect(failed.length === 0 || /held back by maintenance/.test(failed[0]?.reason ?? '')).toBe(true)
})

/** The pure machine of a service, fed with these inputs. */
function fed(inputs: readonly Input[]) {
  const service = serviceOf('api', {
    probes: {
      startup: null,
      readiness: null,
      liveness: {
        check: { type: 'tcp', address: 'localhost:1' },
        delayMs: 0,
        everyMs: 1,
        timeoutMs: 1,
        failures: 1,
        successes: 1,
        withinMs: 1,
      },
    },
  })
  let machine = newMachine(service)
  const told: string[] = []
  for (const input of inputs) {
    const now = step(machine, service, input, { now: 0, chance: 0 })
    machine = now.machine
    told.push(...now.effects.flatMap((effect) => (effect.do === 'emit' ? [effect.kind] : [])))
  }
  return { machine, told }
}

const up: readonly Input[] = [
  { type: 'start', named: true },
  { type: 'launched', generation: 1, pid: 1 },
]
const stuck: Input = { type: 'probed', generation: 1, probe: 'liveness', verdict: 'failing', sentence: 'no answer' }

test('a stuck service is left alone while restarts are held, is told once, and is restarted when the hold ends', () => {
  const held = fed([...up, { type: 'hold', why: 'maintenance' }, stuck, stuck, stuck])
  expect(held.machine).toMatchObject({ state: 'running', health: 'unhealthy', held: true })
  expect(held.told.filter((kind) => kind === 'service.held-back')).toHaveLength(1)
  const released = fed([...up, { type: 'hold', why: 'maintenance' }, stuck, { type: 'hold', why: null }])
  expect(released.machine).toMatchObject({ state: 'stopping', after: 'restart', held: false })
})

test('a service that answers again during the hold is not restarted when it ends', () => {
  const fine: Input = { type: 'probed', generation: 1, probe: 'liveness', verdict: 'passing', sentence: 'ok' }
  const { machine } = fed([...up, { type: 'hold', why: 'maintenance' }, stuck, fine, { type: 'hold', why: null }])
  expect(machine).toMatchObject({ state: 'running', held: false })
})

test('a pause that runs out during the hold does not start the service', () => {
  const exit: Input = { type: 'exited', generation: 1, sentence: 'exited with code 1', ok: false, log: [] }
  const { machine } = fed([...up, exit, { type: 'hold', why: 'maintenance' }, { type: 'pause-over', generation: 1 }])
  expect(machine).toMatchObject({ state: 'backing-off', held: true })
})
