import { describe, expect, test } from 'vitest'
import { type PackUse, planSweep, type SweepMark } from './sweep-plan.ts'

const hour = 3_600_000
const now = 1_000 * hour
const rules = { graceMs: 24 * hour, share: 1 / 3 }

/** A pack of blobs of 100 bytes; `x` is needed, `.` is not. */
function pack(id: string, use: string): PackUse {
  return { id, size: use.length * 100, blobs: [...use].map((each) => ({ stored: 100, needed: each === 'x' })) }
}

/** Plans at several hours with the marks of the time before; resolves with the last plan. */
function plans(...steps: readonly (readonly [hours: number, ...packs: PackUse[]])[]) {
  let marks: ReadonlyMap<string, SweepMark> = new Map()
  let last = planSweep([], marks, now, rules)
  for (const [hours, ...packs] of steps) {
    last = planSweep(packs, marks, now + hours * hour, rules)
    marks = last.marks
  }
  return { ...last, drops: last.rewrite.map(({ id, drop }) => `${id}: ${[...drop].join()}`) }
}

describe('what a sweep frees', () => {
  test('a pack that nobody needs goes when it was so for a day', () => {
    expect(plans([0, pack('a', '..')])).toMatchObject({
      remove: [],
      waiting: { packs: 1, bytes: 200, until: now + 24 * hour },
    })
    expect(plans([0, pack('a', '..')], [23, pack('a', '..')]).remove).toEqual([])
    expect(plans([0, pack('a', '..')], [24, pack('a', '..')]).remove).toEqual(['a'])
  })

  test('a pack that is needed again meanwhile begins anew', () => {
    expect(plans([0, pack('a', '..')], [10, pack('a', 'xx')], [25, pack('a', '..')]).remove).toEqual([])
  })

  test('a pack of which more than a third was waste for a day is written anew without it', () => {
    const { drops, rewrite } = plans([0, pack('a', 'x.x.')], [25, pack('a', 'x.x.')])
    expect(drops).toEqual(['a: 1,3'])
    expect(rewrite[0]).toMatchObject({ keptBytes: 200, droppedBytes: 200 })
    expect(plans([0, pack('a', 'xxx.')], [25, pack('a', 'xxx.')]).drops).toEqual([])
  })

  test('what became waste later stays in the pack that is written anew', () => {
    expect(plans([0, pack('a', 'x..x')], [25, pack('a', 'x...')]).drops).toEqual(['a: 1,2'])
    expect(plans([0, pack('a', 'x..x')], [25, pack('a', 'xx.x')]).drops).toEqual([])
  })

  test('a pack that became wholly waste waits its day instead of being written anew', () => {
    const plan = plans([0, pack('a', 'x...')], [25, pack('a', '....')])
    expect([plan.remove, plan.drops]).toEqual([[], []])
    expect(plans([0, pack('a', 'x...')], [25, pack('a', '....')], [50, pack('a', '....')]).remove).toEqual(['a'])
  })

  test('waste that grows slowly is dealt with at last', () => {
    const steps = [
      [0, pack('a', 'xxx.')],
      [25, pack('a', 'xx..')],
      [50, pack('a', 'xx..')],
    ] as const
    expect(plans(...steps).drops).toEqual(['a: 2,3'])
  })

  test('a mark from a time when the clock was ahead begins anew', () => {
    expect(plans([9_000, pack('a', '..')], [25, pack('a', '..')]).remove).toEqual([])
    expect(plans([9_000, pack('a', '..')], [25, pack('a', '..')], [49, pack('a', '..')]).remove).toEqual(['a'])
  })

  test('the packs with the least to write anew come first', () => {
    const both = [pack('a', 'xxxx....'), pack('b', 'x..')]
    expect(plans([0, ...both], [25, ...both]).rewrite.map(({ id }) => id)).toEqual(['b', 'a'])
  })
})
