import { expect, test } from 'vitest'
import { serviceOf, siteOf } from '../../../test/support/site-definition.ts'
import { atPace } from './pace.ts'

test('looks and tries come ten times as often, never sooner than every 100 ms; how long something may take stays', () => {
  const probe = {
    check: { type: 'tcp', address: '127.0.0.1:1' } as never,
    delayMs: 0,
    everyMs: 5_000,
    timeoutMs: 2_000,
    failures: 3,
    successes: 1,
    withinMs: 20_000,
  }
  const restart = {
    policy: 'always' as const,
    backoff: { firstMs: 500, factor: 2, capMs: 60_000 },
    budget: { starts: 5, perMs: 600_000 },
    forgiveMs: 600_000,
  }
  const site = siteOf([serviceOf('api', { probes: { startup: null, readiness: probe, liveness: null }, restart })])
  const { api } = atPace(site, 10).services
  expect(api?.probes.readiness).toEqual({ ...probe, everyMs: 500 })
  expect(api?.restart).toEqual({
    ...restart,
    backoff: { firstMs: 100, factor: 2, capMs: 6_000 },
    budget: { starts: 5, perMs: 60_000 },
    forgiveMs: 60_000,
  })
  expect(api?.stop).toEqual(site.services.api?.stop)
  expect(atPace(site, 1)).toBe(site)
})
