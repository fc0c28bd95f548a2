import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { countedFrom, dueAt, nextDates, Schedule, type ScheduledKind, type Timetable } from './schedule.ts'

const minute = 60_000
const hour = 60 * minute

describe('when a snapshot is due', () => {
  test('at three in the morning where the site is', () => {
    const since = Date.UTC(2026, 0, 5, 8)
    expect(dueAt({ cron: '0 3 * * *', zone: 'Asia/Manila', since })).toBe(Date.UTC(2026, 0, 5, 19))
    expect(dueAt({ cron: '0 3 * * *', zone: 'UTC', since })).toBe(Date.UTC(2026, 0, 6, 3))
  })

  test('at the same hour of the day before and after the clocks change', () => {
    const zone = 'Europe/Berlin'
    expect(dueAt({ cron: '0 3 * * *', zone, since: Date.UTC(2026, 2, 27, 12) })).toBe(Date.UTC(2026, 2, 28, 2))
    expect(dueAt({ cron: '0 3 * * *', zone, since: Date.UTC(2026, 2, 29, 12) })).toBe(Date.UTC(2026, 2, 30, 1))
  })

  test('in the hour that is left out when clocks go forward when that is over, in the one that comes twice once', () => {
    const zone = 'Europe/Berlin'
    const cron = '30 2 * * *'
    const spring = dueAt({ cron, zone, since: Date.UTC(2026, 2, 28, 12) })
    expect(new Date(spring ?? 0).toISOString()).toBe('2026-03-29T01:00:00.000Z')
    expect(dueAt({ cron, zone, since: spring ?? 0 })).toBe(Date.UTC(2026, 2, 30, 0, 30))
    const autumn = dueAt({ cron, zone, since: Date.UTC(2026, 9, 24, 12) })
    expect(new Date(autumn ?? 0).toISOString()).toBe('2026-10-25T00:30:00.000Z')
    expect(dueAt({ cron, zone, since: autumn ?? 0 })).toBe(Date.UTC(2026, 9, 26, 1, 30))
  })

  test('the next dates begin with the one that was missed and go on from now', () => {
    const now = Date.UTC(2026, 0, 5, 8)
    const dates = nextDates({ cron: '0 3 * * *', zone: 'UTC', since: Date.UTC(2025, 11, 20) }, now, 3)
    expect(dates).toEqual([Date.UTC(2025, 11, 20, 3), Date.UTC(2026, 0, 6, 3), Date.UTC(2026, 0, 7, 3)])
  })

  test('a snapshot from a time when the clock was ahead does not keep the next ones waiting', () => {
    const now = Date.UTC(2026, 0, 5, 8)
    const ahead = Date.UTC(2031, 0, 1)
    const first = Date.UTC(2025, 11, 1)
    expect(countedFrom([Date.UTC(2026, 0, 4), ahead, 0], first, now)).toBe(Date.UTC(2026, 0, 4))
    expect(countedFrom([ahead], first, now)).toBe(first)
  })

  test('never, when the expression never comes true or is none', () => {
    expect(dueAt({ cron: '0 0 31 2 *', zone: 'UTC', since: 0 })).toBeNull()
    expect(dueAt({ cron: 'whenever', zone: 'UTC', since: 0 })).toBeNull()
  })
})

describe('the schedule', () => {
  function rig(timetables: Partial<Record<ScheduledKind, string>>, since: (kind: ScheduledKind) => number) {
    const clock = new ManualClock(Date.UTC(2026, 0, 5, 8))
    const ran: string[] = []
    const told: (number | null)[] = []
    const paused: { why: string | null } = { why: null }
    const last = new Map<ScheduledKind, number>()
    const timetable = (kind: ScheduledKind): Timetable | null => {
      const cron = timetables[kind]
      return cron === undefined ? null : { cron, zone: 'UTC', since: last.get(kind) ?? since(kind) }
    }
    const schedule = new Schedule({
      clock,
      timetable,
      paused: () => paused.why,
      async run(kind) {
        ran.push(`${kind} ${new Date(clock.wall()).toISOString().slice(11, 16)}`)
        last.set(kind, clock.wall())
      },
      onError: (error) => ran.push(String(error)),
      onLook: (nextAt) => told.push(nextAt),
    })
    return { clock, ran, told, schedule, paused }
  }

  test('takes each snapshot at its time', async () => {
    const { clock, ran, schedule } = rig({ data: '*/15 * * * *' }, () => Date.UTC(2026, 0, 5, 8))
    expect(schedule.nextAt()).toBe(Date.UTC(2026, 0, 5, 8, 15))
    await clock.advance(31 * minute)
    expect(ran).toEqual(['data 08:15', 'data 08:30'])
    schedule[Symbol.dispose]()
    await clock.advance(hour)
    expect(ran.length).toBe(2)
    expect(clock.waiting).toBe(0)
  })

  test('tells soon when the next one is due after a site.yaml with a timetable came into use', async () => {
    const timetables: Partial<Record<ScheduledKind, string>> = {}
    const { clock, told, schedule } = rig(timetables, () => Date.UTC(2026, 0, 5, 8))
    expect(schedule.nextAt()).toBeNull()
    timetables.full = '0 9 * * *'
    await clock.advance(minute)
    expect(told.at(-1)).toBe(Date.UTC(2026, 0, 5, 9))
    schedule[Symbol.dispose]()
  })

  test('makes up for many missed dates with one snapshot, soon after it begins', async () => {
    const { clock, ran, schedule } = rig({ full: '0 3 * * *' }, () => Date.UTC(2025, 11, 20))
    await clock.advance(10 * minute)
    expect(ran).toEqual(['full 08:00'])
    schedule[Symbol.dispose]()
  })

  test('notices that the clock was moved', async () => {
    const { clock, ran, schedule } = rig({ full: '0 3 * * *' }, () => Date.UTC(2026, 0, 5, 8))
    clock.jumpWall(20 * hour)
    await clock.advance(minute)
    expect(ran).toEqual(['full 04:00'])
    schedule[Symbol.dispose]()
  })

  test('waits while it is paused, and makes up with one afterwards', async () => {
    const { clock, ran, schedule, paused } = rig({ data: '*/15 * * * *' }, () => Date.UTC(2026, 0, 5, 8))
    paused.why = 'maintenance'
    await clock.advance(2 * hour)
    expect(ran).toEqual([])
    paused.why = null
    await clock.advance(minute)
    expect(ran).toEqual(['data 10:00'])
    schedule[Symbol.dispose]()
  })
})
