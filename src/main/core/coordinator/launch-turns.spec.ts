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
      return busy === undefined
        ? null
        : { ranMs: ran.get(pid) ?? 0, waitedMs: (ran.get(pid) ?? 0) * (busy > 1 ? 1 : 0) }
    },
  })
  const granted: string[] = []
  const held = new Map<string, LaunchTurn>()
  let pids = 100
  return {
    clock,
    turns,
    granted,
    held,
    /** Asks for a turn, and starts a process that is this busy when it comes. */
    ask(name: string, rank: number, busy = 1) {
      void turns.take(rank).then((turn) => {
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
  const unused = turns.take(100)
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
