import { describe, expect, test } from 'vitest'
import { shrinksOf } from './keeping/shrink.ts'
import { planRetention } from './retention.ts'

const hour = 3_600_000
const day = 24 * hour
/** Monday, 5 January 2026, 03:00 in Manila. */
const monday = Date.UTC(2026, 0, 4, 19)
const verified = { at: 0, ok: true, note: '', damaged: [] }

function snapshot(id: string, at: number, more: Partial<Parameters<typeof planRetention>[0][number]> = {}) {
  return {
    id,
    at,
    kind: 'full' as const,
    pinned: false,
    partial: false,
    verified,
    appliedAt: null,
    bytes: 1_000,
    ...more,
  }
}

const zone = 'Asia/Manila'
const none = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }

describe('the rules for old snapshots', () => {
  test('keep the newest of each day, week and month that has one, by the days of the site', () => {
    const nights = Array.from({ length: 60 }, (_, back) => snapshot(`n${back}`, monday - back * day))
    const plan = planRetention(nights, { ...none, last: 2, daily: 3, weekly: 2, monthly: 3 }, zone, monday + hour)
    const kept = new Map(plan.keep.map(({ id, why }) => [id, why]))
    expect([...kept.keys()]).toEqual(['n0', 'n1', 'n2', 'n5', 'n36'])
    expect(kept.get('n1')).toEqual([
      'kept as one of the last 2 (2)',
      'kept as daily 2026-01-04',
      'kept as weekly 2026-W01',
    ])
    expect(kept.get('n5')).toEqual(['kept as monthly 2025-12'])
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

  test('hours count too, and the hour that comes twice when clocks go back is two', () => {
    const berlin = 'Europe/Berlin'
    // 02:30 twice: at 00:30 UTC in summer time, at 01:30 UTC in winter time.
    const twice = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)]
    const all = [...twice, Date.UTC(2026, 9, 25, 1, 40)].map((at, nth) => snapshot(`h${nth}`, at, { kind: 'data' }))
    const plan = planRetention(all, { ...none, hourly: 24 }, berlin, Date.UTC(2026, 9, 26))
    expect(plan.remove).toEqual(['h1'])
    expect(plan.keep.map(({ why }) => why.at(-1))).toEqual([
      'kept as hourly 2026-10-25 02:00',
      'kept as hourly 2026-10-25 02:00',
    ])
  })

  test('weeks are those of ISO 8601, which belong to the year of their Thursday, and years count', () => {
    const all = [Date.UTC(2027, 0, 3, 12), Date.UTC(2026, 11, 28, 12), Date.UTC(2026, 11, 27, 12)].map((at, nth) =>
      snapshot(`w${nth}`, at),
    )
    const plan = planRetention(all, { ...none, weekly: 2, yearly: 2 }, 'UTC', Date.UTC(2027, 0, 5))
    expect(plan.remove).toEqual([])
    expect(plan.keep.map(({ why }) => why.filter((each) => each.startsWith('kept')))).toEqual([
      ['kept as weekly 2026-W53', 'kept as yearly 2027'],
      ['kept as yearly 2026'],
      ['kept as weekly 2026-W52'],
    ])
  })

  test('while the site has shrunk, the large snapshots of before stay until somebody says that it is right', () => {
    const large = Array.from({ length: 6 }, (_, nth) => snapshot(`large ${nth}`, monday - (9 - nth) * day))
    const small = Array.from({ length: 3 }, (_, nth) =>
      snapshot(`small ${nth}`, monday - (2 - nth) * day, { bytes: 600 }),
    )
    const all = [...large, ...small]
    const shrinks = shrinksOf(all, new Set())
    expect(shrinks).toMatchObject([{ kind: 'full', from: 'small 0', before: 'large 5', share: 0.4 }])
    const plan = planRetention(all, { ...none, last: 1 }, zone, monday, shrinks)
    expect(plan.remove).toEqual(['small 1', 'small 0'])
    expect(plan.keep.find(({ id }) => id === 'large 0')?.why).toEqual([
      'the site is 40 % smaller since, and nobody said that this is right',
    ])
    const accepted = shrinksOf(all, new Set(['small 0']))
    expect(planRetention(all, { ...none, last: 1 }, zone, monday, accepted).remove.length).toBe(8)
  })

  test('a shrink that was made up for, one below 30 %, and one of a partial snapshot are none', () => {
    const sizes = (bytes: readonly number[], more = {}) =>
      shrinksOf(
        bytes.map((each, nth) => snapshot(`s${nth}`, monday + nth * day, { bytes: each, ...(nth === 1 ? more : {}) })),
        new Set(),
      )
    expect(sizes([1_000, 600, 950])).toEqual([])
    expect(sizes([1_000, 710])).toEqual([])
    expect(sizes([1_000, 600], { partial: true })).toEqual([])
    expect(sizes([1_000, 600, 590])).toMatchObject([{ from: 's1' }])
  })
})
