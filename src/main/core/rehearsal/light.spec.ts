import { describe, expect, it } from 'vitest'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import { snapshot } from '../../../../test/support/why-facts.ts'
import { sampleRehearsals } from '../../../renderer/testing/sample-rehearsals.ts'
import { isOverdue, lightOf } from './light.ts'
import { nextDate, periodOf } from './schedule.ts'
import { verdictOf } from './verdict.ts'

const day = 86_400_000
const now = Date.UTC(2026, 0, 5, 8)
const verified = { at: 0, ok: true, note: '' }
const snapshots = [snapshot('sn-1', { verified })]
const proven = (more: Partial<RehearsalRun> = {}): RehearsalRun => {
  const [run] = sampleRehearsals(now).rehearsals?.runs ?? []
  if (!run) throw new Error('the sample has no run')
  return { ...run, ...more }
}
const light = (runs: readonly RehearsalRun[], more: Partial<Parameters<typeof lightOf>[0]> = {}) =>
  lightOf({ runs, snapshots, periodMs: null, now, ...more })

describe('the light of the backups', () => {
  it('is green only for a snapshot that was rehearsed and is still there', () => {
    expect(light([])).toMatchObject({ light: 'verified', sentence: expect.stringContaining('not rehearsed') })
    expect(light([proven()])).toMatchObject({ light: 'proven', proven: { snapshot: 'sn-1', totalMs: 6_400 } })
    expect(light([proven()], { snapshots: [snapshot('sn-9', { verified })] })).toMatchObject({
      light: 'verified',
      proven: null,
    })
    expect(light([], { snapshots: [] }).light).toBe('none')
    expect(light([], { snapshots: [snapshot('sn-1', { verified, kind: 'restore-point' })] }).light).toBe('none')
  })

  it('is red when the last one failed, and tells what was proven before; one that was not made or cancelled changes nothing', () => {
    const failed = proven({ id: 'jb-3', verdict: 'failed', at: now })
    expect(light([failed, proven()])).toMatchObject({ light: 'failed', proven: { snapshot: 'sn-1' } })
    for (const state of ['not made', 'cancelled', 'interrupted', 'running'] as const) {
      expect(light([proven({ id: 'jb-4', state, verdict: null }), proven()]).light, state).toBe('proven')
    }
    expect(light([proven({ verdict: 'partly', sentence: 'Partly proven: 4 of 5.' })])).toMatchObject({
      light: 'verified',
      sentence: 'Partly proven: 4 of 5.',
    })
  })

  it('is amber again when none succeeded for longer than two periods of the schedule', () => {
    expect(light([proven({ at: now - 13 * day })], { periodMs: 7 * day }).light).toBe('proven')
    expect(light([proven({ at: now - 15 * day })], { periodMs: 7 * day }).light).toBe('verified')
    expect(isOverdue({ runs: [], periodMs: 7 * day, now, since: now - 13 * day })).toBe(false)
    expect(isOverdue({ runs: [], periodMs: 7 * day, now, since: now - 15 * day })).toBe(true)
    expect(
      isOverdue({ runs: [proven({ verdict: 'failed', at: now })], periodMs: day, now, since: now - 9 * day }),
    ).toBe(true)
  })
})

describe('the schedule', () => {
  const weekly = { cron: '0 4 * * 0', zone: 'Asia/Manila' }

  it('makes up for a date that was missed, by the days of the site', () => {
    // Sunday 4 January, 04:00 in Manila.
    expect(nextDate(weekly, Date.UTC(2025, 11, 30))).toBe(Date.UTC(2026, 0, 3, 20))
    expect(nextDate(null, now)).toBeNull()
  })

  it('knows how far its dates are apart', () => {
    expect(periodOf(weekly, now)).toBe(7 * day)
    expect(periodOf({ cron: '0 4 * * 1,3', zone: 'UTC' }, now)).toBe(5 * day)
  })
})

describe('the verdict', () => {
  const service = (id: string, result: 'healthy' | 'unhealthy' | 'failed' | 'left-out') => ({
    id,
    title: id.toUpperCase(),
    result,
    sentence: 'so it is',
    log: [],
  })
  const checks = { sentence: '6 of 6 checks passed.', faults: [] }
  const of = (services: readonly ReturnType<typeof service>[], more = {}) =>
    verdictOf({ type: 'checked', healthyMs: 1, services: [...services], checks, ...more }, 2_000)

  it('is proven, partly proven with what is missing, or failed with why', () => {
    expect(of([service('a', 'healthy')])).toMatchObject({
      verdict: 'proven',
      sentence: 'Proven: 1 of 1 service came up healthy, back in 2 s.',
    })
    expect(of([service('a', 'healthy'), service('b', 'left-out')])).toMatchObject({
      verdict: 'partly',
      sentence: 'Partly proven: 1 of 2 services came up healthy, back in 2 s. Missing: B.',
      reasons: ['B cannot be rehearsed: so it is.'],
    })
    expect(of([service('a', 'healthy'), service('b', 'failed')])).toMatchObject({
      verdict: 'failed',
      reasons: ['B did not start: so it is'],
    })
    expect(of([service('a', 'healthy')], { checks: { sentence: '', faults: ['Page x: 500.'] } })).toMatchObject({
      verdict: 'failed',
      reasons: ['A check failed: Page x: 500.'],
    })
    expect(of([]).verdict).toBe('partly')
    expect(of([service('b', 'left-out')]).verdict).toBe('partly')
  })
})
