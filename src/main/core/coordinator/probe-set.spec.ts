import { expect, test } from 'vitest'
import type { Probe } from '#core/config/index.ts'
import type { ProbeState } from '#core/health/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { probeOf } from '../../../../test/support/site-definition.ts'
import { ProbeSet } from './probe-set.ts'

const startup: Probe = probeOf({ type: 'tcp', address: '127.0.0.1:1' }, { everyMs: 1_000, failures: 1 })

test('while a service starts, an answer that says the same again is told once a second, and another one at once', async () => {
  const clock = new ManualClock()
  const told: { readonly at: number; readonly state: ProbeState }[] = []
  let tries = 0
  using probes = new ProbeSet(clock, () => null)
  probes.run(
    [{ name: 'startup', probe: startup }],
    async () => {
      tries++
      return clock.monotonic() < 2_500
        ? { ok: false, sentence: 'connection refused', ms: 0 }
        : { ok: true, sentence: 'took it', ms: 0 }
    },
    (_, state) => told.push({ at: clock.monotonic(), state }),
  )
  await clock.advance(2_400)
  expect(tries).toBeGreaterThan(20)
  expect(told.map(({ state }) => state.verdict)).toEqual(['failing', 'failing', 'failing'])
  expect(probes.last('startup')?.failures).toBe(tries)
  await clock.advance(400)
  const last = told.at(-1)
  expect(last?.state.verdict).toBe('passing')
  expect(last?.at).toBeLessThan(2_800)
})
