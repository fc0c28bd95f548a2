import { expect, test } from 'vitest'
import type { ServiceDefinition } from '#core/config/index.ts'
import type { Builtin } from '#core/platform/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { freePorts } from '../../../../test/support/ports.ts'
import { order, serviceRig } from '../../../../test/support/service-rig.ts'
import { probeOf, serviceOf } from '../../../../test/support/site-definition.ts'
import { until } from '../../../../test/support/until.ts'

/** A builtin that can be made to end, supervised on a clock that is moved by hand. */
async function rigOnManualClock(given: Partial<ServiceDefinition> = {}) {
  const clock = new ManualClock()
  let end: (reason: string) => void = () => {}
  const broker: Builtin = {
    start: async () => ({
      health: () => ({ health: 'healthy', sentence: 'Fine.' }),
      ended: new Promise<string>((resolve) => {
        end = resolve
      }),
      stop: async () => {},
    }),
  }
  const service = serviceOf('broker', { kind: 'builtin', use: 'broker', ...given })
  const rig = await serviceRig({ clock, builtins: { broker }, services: [service] })
  const state = (wanted: string) =>
    until(`broker ${wanted}`, async () => {
      await clock.advance(0)
      return rig.view('broker').state === wanted && rig.view('broker')
    })
  return { clock, rig, state, end: (reason: string) => end(reason) }
}

const restart = (given: Partial<ServiceDefinition['restart']>) => ({ restart: { ...serviceOf('x').restart, ...given } })

test('a restart comes exactly when its pause is over, each pause longer, and the screen knows when', async () => {
  const { clock, rig, state, end } = await rigOnManualClock(
    restart({ backoff: { firstMs: 1_000, factor: 2, capMs: 60_000 } }),
  )
  await using _rig = rig
  void rig.coordinator.start('all', order)
  await state('running')
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    end('its thread ended')
    const pausing = await state('backing-off')
    expect((pausing.nextStartAt ?? 0) - clock.wall()).toBe(pauseMs)
    await clock.advance(pauseMs - 1)
    expect(rig.view('broker').state).toBe('backing-off')
    await clock.advance(1)
    expect(await state('running')).toMatchObject({ nextStartAt: null })
  }
  expect(rig.view('broker')).toMatchObject({ attempt: 3, restarts: 3 })
})

test('ten minutes healthy forget the failures, nine do not', async () => {
  const { clock, rig, state, end } = await rigOnManualClock(restart({ forgiveMs: 600_000 }))
  await using _rig = rig
  void rig.coordinator.start('all', order)
  await state('running')
  end('its thread ended')
  await state('backing-off')
  await clock.advance(50)
  await state('running')
  await clock.advance(599_000)
  expect(rig.view('broker').attempt).toBe(1)
  await clock.advance(1_001)
  expect(rig.view('broker')).toMatchObject({ attempt: 0, restarts: 1 })
})

test('a stop during the pause leaves no timer that starts it later', async () => {
  const { clock, rig, state, end } = await rigOnManualClock(
    restart({ backoff: { firstMs: 60_000, factor: 1, capMs: 60_000 } }),
  )
  await using _rig = rig
  void rig.coordinator.start('all', order)
  await state('running')
  end('its thread ended')
  await state('backing-off')
  await rig.coordinator.stop('all', order)
  await clock.advance(600_000)
  expect(rig.view('broker')).toMatchObject({ state: 'stopped', restarts: 0 })
})

test('what does not pass its startup check in its time is ended and tried again', async () => {
  const [port = 0] = await freePorts(1)
  const startup = probeOf({ type: 'tcp', address: `127.0.0.1:${port}` }, { everyMs: 1_000, withinMs: 20_000 })
  const { clock, rig, state } = await rigOnManualClock({ probes: { startup, readiness: null, liveness: null } })
  await using _rig = rig
  void rig.coordinator.start('all', order)
  await state('starting')
  await until('asked once', () => rig.view('broker').probes[0]?.failures === 1)
  await clock.advance(19_990)
  expect(rig.view('broker').state).toBe('starting')
  await clock.advance(10)
  const pausing = await state('backing-off')
  expect(pausing.reason).toContain(`did not get there within 20 s: connection refused at 127.0.0.1:${port}`)
})

test('a site that is left has no timer of the coordinator running', async () => {
  const { clock, rig, state } = await rigOnManualClock()
  void rig.coordinator.start('all', order)
  await state('running')
  await rig.coordinator.release()
  expect(clock.waiting).toBe(0)
  await rig.leave()
})
