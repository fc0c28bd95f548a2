import { expect, test } from 'vitest'
import type { ProcessIdentity } from '#core/platform/index.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { type LaunchTurn, LaunchTurns } from './launch-turns.ts'

/** A machine with two processors, whose processes do what a spec says: busy milliseconds for each one that goes by. */
function machine(processors = 2) {
  const clock = new ManualClock()
  const busyness = new Map<number, number>()
  const ran = new Map<number, number>()
  const turns = new LaunchTurns({
    processors,
    clock,
    exertion: ({ pid }) => {
      const busy = busyness.get(pid)
      const ranMs = ran.get(pid) ?? 0
      return busy === undefined ? null : { ranMs, waitedMs: busy > 1 ? ranMs : 0, busy: busy > 0 }
    },
  })
  const loadings = new Map<string, number>()
  const granted: string[] = []
  const held = new Map<string, LaunchTurn>()
  let pids = 100
  return {
    clock,
    turns,
    granted,
    loadings,
    held,
    /** Asks for a turn, and starts a process that is this busy when it comes. */
    ask(name: string, rank: number, busy = 1, loadingMs: number | null = null) {
      const onLoaded = (ms: number) => loadings.set(name, ms)
      void turns.take({ rank, loadingMs, onLoaded }).then((turn) => {
        granted.push(name)
        held.set(name, turn)
        const pid = pids++
        busyness.set(pid, busy)
        turn.began(identityOf(pid))
      })
    },
    /** Time goes by. */
    async pass(ms: number) {
      for (let gone = 0; gone < ms; gone++) {
        for (const [pid, busy] of busyness) ran.set(pid, (ran.get(pid) ?? 0) + Math.min(1, busy))
        await clock.advance(1)
      }
    },
    calms: (pid: number) => busyness.set(pid, 0),
    works: (pid: number) => busyness.set(pid, 1),
    ends: (pid: number) => busyness.delete(pid),
  }
}

function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: 1, bootId: 'boot' }
}

test('of those that ask together the one with the longest way behind it goes first, no more at a time than there are processors', async () => {
  const { ask, pass, granted, calms } = machine()
  ask('short', 100)
  ask('longest', 900)
  ask('long', 500)
  ask('shortest', 50)
  await pass(50)
  expect(granted).toEqual(['longest', 'long'])
  calms(100)
  await pass(30)
  expect(granted).toEqual(['longest', 'long', 'short'])
  calms(101)
  await pass(30)
  expect(granted).toEqual(['longest', 'long', 'short', 'shortest'])
})

test('one that asks later and has a longer way goes before those that wait', async () => {
  const { ask, pass, granted, calms } = machine(1)
  ask('first', 10)
  await pass(20)
  ask('second', 10)
  await pass(20)
  ask('urgent', 1_000)
  calms(100)
  await pass(30)
  expect(granted).toEqual(['first', 'urgent'])
})

test('a process that waits for a processor is not taken for one that has loaded', async () => {
  const { ask, pass, granted } = machine(1)
  ask('crowded', 10, 2)
  ask('next', 5)
  await pass(200)
  expect(granted).toEqual(['crowded'])
})

test('one that sleeps for a moment while it loads keeps its turn', async () => {
  const { ask, pass, granted, calms, works } = machine(1)
  ask('reads', 10)
  ask('next', 5)
  for (let page = 0; page < 10; page++) {
    await pass(8)
    calms(100)
    await pass(5)
    works(100)
  }
  expect(granted).toEqual(['reads'])
})

test('one whose loading is known gives its turn on when it has nearly run for as long, and what it took is measured anew', async () => {
  const { ask, pass, granted, loadings, calms } = machine(1)
  ask('known', 10, 1, 100)
  ask('next', 5)
  await pass(80)
  expect(granted).toEqual(['known'])
  await pass(15)
  expect(granted).toEqual(['known', 'next'])
  await pass(30)
  expect(loadings.has('known')).toBe(false)
  calms(100)
  await pass(20)
  expect(loadings.get('known')).toBeGreaterThan(110)
  expect(loadings.get('known')).toBeLessThan(135)
})

test('one that needs less than it did before gives its turn on as soon as it is calm', async () => {
  const { ask, pass, granted, loadings, calms } = machine(1)
  ask('less', 10, 1, 400)
  ask('next', 5)
  await pass(50)
  calms(100)
  await pass(20)
  expect(granted).toEqual(['less', 'next'])
  expect(loadings.get('less')).toBeLessThan(60)
})

test('a process that goes on computing gives its turn up after half a second, and one that is gone at once', async () => {
  const { ask, pass, granted, ends } = machine(1)
  ask('computes', 10)
  ask('second', 9)
  ask('third', 8)
  await pass(450)
  expect(granted).toEqual(['computes'])
  await pass(100)
  expect(granted).toEqual(['computes', 'second'])
  ends(101)
  await pass(30)
  expect(granted).toEqual(['computes', 'second', 'third'])
})

test('a turn in which nothing is started is given to the next at once', async () => {
  const { turns, clock, ask, pass, granted } = machine(1)
  const unused = turns.take({ rank: 100, loadingMs: null, onLoaded: () => {} })
  ask('next', 1)
  await clock.advance(5)
  using turn = await unused
  await pass(50)
  expect(granted).toEqual([])
  turn[Symbol.dispose]()
  await pass(5)
  expect(granted).toEqual(['next'])
})

test('who still waits when the site is closed is let go, and no timer is left', async () => {
  const { turns, clock, ask, pass, granted } = machine(1)
  ask('first', 1)
  await pass(20)
  ask('second', 1)
  await pass(20)
  turns[Symbol.dispose]()
  await pass(5)
  expect(granted).toEqual(['first', 'second'])
  expect(clock.waiting).toBe(0)
})
