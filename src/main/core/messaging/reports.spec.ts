import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { RouteLedger } from './ledger.ts'
import type { FromDataPlane } from './protocol.ts'
import { Reports } from './reports.ts'

/** So many routes, and what is told of them with the time at which it is; every timer comes late by so much. */
function rig(size: number, lateMs = 0) {
  const clock = new ManualClock()
  const ledgers = Array.from(
    { length: size },
    (_, n) => new RouteLedger(route(`r${n}`, { from: 'in', to: [{ kind: 'journal', keepMs: 1_000 }] })),
  )
  const told: { at: number; ids: string[]; type: FromDataPlane['type'] }[] = []
  const reports = new Reports({
    clock: { monotonic: () => clock.monotonic(), after: (ms, action) => clock.after(ms + lateMs, action) },
    router: {
      get size() {
        return ledgers.length
      },
      report: () => ({ received: 0, quarantined: 0, topics: null, topicsHidden: 0 }),
      reportRoutes: (from, to) => ({
        routes: ledgers.slice(from, to).flatMap((one) => one.takeChanged() ?? []),
        stages: [],
      }),
    },
    send: (message) => {
      const ids = message.type === 'routes' ? message.report.routes.map(({ id }) => id) : []
      told.push({ at: clock.monotonic(), ids, type: message.type })
    },
    turn: () => {},
  })
  onTestFinished(() => reports[Symbol.dispose]())
  const sum = () => told.reduce((all, { ids }) => all + ids.length, 0)
  return { clock, ledgers, told, reports, sum }
}

test('the routes of a small site are told at once, before the totals', async () => {
  const { clock, told } = rig(25)
  await clock.advance(499)
  expect(told.map(({ at, ids, type }) => `${at} ${type} ${ids.length}`)).toEqual(['250 routes 25', '250 report 0'])
})

test('a thousand routes are told in parts over the round, each of them once', async () => {
  const { clock, told, sum } = rig(1_000)
  await clock.advance(499)
  expect(sum()).toBe(1_000)
  const parts = told.filter(({ type }) => type === 'routes')
  expect(Math.max(...parts.map(({ ids }) => ids.length))).toBe(25)
  expect(new Set(parts.map(({ at }) => Math.floor(at))).size).toBe(40)
})

test('a thread that is late tells of the last routes as often as of the first', async () => {
  const { clock, ledgers, told } = rig(1_000, 20)
  const of = new Map<string, number>()
  for (let ms = 0; ms < 8_000; ms += 10) {
    for (const ledger of ledgers) ledger.receive(1)
    told.length = 0
    await clock.advance(10)
    for (const id of told.flatMap(({ ids }) => ids)) of.set(id, (of.get(id) ?? 0) + 1)
  }
  expect(of.get('r999')).toBeGreaterThan(5)
  expect((of.get('r0') ?? 0) - (of.get('r999') ?? 0)).toBeLessThanOrEqual(1)
})

test('what changed is told whole at the end, without waiting for its turn', () => {
  const { reports, told, sum } = rig(1_000)
  reports.whole()
  expect(sum()).toBe(1_000)
  expect(told.at(-1)?.type).toBe('report')
})

test('after a change of the routes none is told twice, and none is forgotten', async () => {
  const { clock, ledgers, sum } = rig(300)
  while (sum() < 100) await clock.advance(1)
  ledgers.splice(0, 100)
  await clock.advance(700)
  expect(sum()).toBe(300)
})
