import { describe, expect, test } from 'vitest'
import { planRetention } from './retention.ts'

const hour = 3_600_000
const day = 24 * hour
/** Monday, 5 January 2026, 03:00 in Manila. */
const monday = Date.UTC(2026, 0, 4, 19)
const verified = { at: 0, ok: true, note: '', damaged: [] }

function snapshot(id: string, at: number, more: Partial<Parameters<typeof planRetention>[0][number]> = {}) {
  return { id, at, kind: 'full' as const, pinned: false, partial: false, verified, appliedAt: null, ...more }
}

const zone = 'Asia/Manila'
const none = { last: 0, daily: 0, weekly: 0, monthly: 0 }

describe('the rules for old snapshots', () => {
  test('keep the newest of each day, week and month that has one, by the days of the site', () => {
    const nights = Array.from({ length: 60 }, (_, back) => snapshot(`n${back}`, monday - back * day))
    const plan = planRetention(nights, { last: 2, daily: 3, weekly: 2, monthly: 3 }, zone, monday + hour)
    const kept = new Map(plan.keep.map(({ id, why }) => [id, why]))
    expect([...kept.keys()]).toEqual(['n0', 'n1', 'n2', 'n5', 'n36'])
    expect(kept.get('n1')).toEqual(['one of the last', 'the newest of its day', 'the newest of its week'])
    expect(kept.get('n5')).toEqual(['the newest of its month'])
    expect(plan.remove.length).toBe(55)
  })

  test('a day ends at midnight in the zone of the site, not in UTC', () => {
    const late = snapshot('late', Date.UTC(2026, 0, 4, 15, 59))
    const early = snapshot('early', Date.UTC(2026, 0, 4, 16, 1))
    const plan = planRetention([late, early], { ...none, daily: 5 }, zone, monday)
    expect(plan.remove).toEqual([])
    expect(planRetention([late, early], { ...none, daily: 5 }, 'UTC', monday).remove).toEqual(['late'])
  })

  test('the last one that a rehearsal proved stays, whatever its age; one that failed does not', () => {
    const rehearsed = (at: number, verdict: 'proven' | 'failed') => ({
      rehearsed: { at, verdict, note: '', totalMs: 1 },
    })
    const all = [
      snapshot('newest', monday),
      snapshot('failed', monday - 40 * day, rehearsed(monday, 'failed')),
      snapshot('proven', monday - 41 * day, rehearsed(monday - day, 'proven')),
      snapshot('proven before', monday - 42 * day, rehearsed(monday - 2 * day, 'proven')),
    ]
    const plan = planRetention(all, { ...none, last: 1 }, zone, monday + hour)
    expect(plan.remove).toEqual(['failed', 'proven before'])
    expect(plan.keep.at(-1)).toEqual({ id: 'proven', why: ['the last one that a rehearsal proved'] })
  })

  test('days without a snapshot do not count', () => {
    const sparse = [snapshot('a', monday), snapshot('b', monday - 20 * day), snapshot('c', monday - 90 * day)]
    expect(planRetention(sparse, { ...none, daily: 3 }, zone, monday).remove).toEqual([])
  })

  test('data snapshots do not push full ones out', () => {
    const data = Array.from({ length: 20 }, (_, nth) => snapshot(`d${nth}`, monday - nth * hour, { kind: 'data' }))
    const plan = planRetention([snapshot('full', monday - 30 * day), ...data], { ...none, last: 3 }, zone, monday)
    expect(plan.keep.map(({ id }) => id)).toEqual(['d0', 'd1', 'd2', 'full'])
  })

  test('what is pinned, the newest verified one, and the way back of Undo stay whatever the rules say', () => {
    const point = { kind: 'restore-point' as const }
    const all = [
      snapshot('unverified', monday, { verified: null }),
      snapshot('good', monday - day),
      snapshot('old good', monday - 2 * day),
      snapshot('pinned', monday - 90 * day, { pinned: true }),
      ...[1, 2, 3].map((nth) => snapshot(`point ${nth}`, monday - nth * hour, point)),
      snapshot('undo', monday - 10 * day, { ...point, appliedAt: monday }),
      snapshot('older point', monday - 11 * day, { ...point, appliedAt: monday - 11 * day }),
    ]
    const plan = planRetention(all, { ...none, last: 1 }, zone, monday)
    expect(plan.remove).toEqual(['old good', 'older point'])
  })

  test('nothing goes when the clock stands before the newest snapshot, or when the rules keep nothing', () => {
    const all = [snapshot('a', monday), snapshot('b', monday - 90 * day)]
    expect(planRetention(all, { ...none, last: 1 }, zone, monday - hour)).toMatchObject({
      remove: [],
      held: expect.any(String),
    })
    expect(planRetention(all, none, zone, monday)).toMatchObject({ remove: [], held: expect.any(String) })
  })
})
