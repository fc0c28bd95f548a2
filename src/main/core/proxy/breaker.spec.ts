import { describe, expect, it } from 'vitest'
import {
  type Breaker,
  type BreakerRule,
  breakerAt,
  checked,
  closedBreaker,
  isolated,
  place,
  rememberedBreaker,
  reset,
  settle,
  type Ticket,
  triesAgainAt,
} from './breaker.ts'

const inARow: BreakerRule = { kind: 'consecutive', failures: 5, openMs: 30_000, successes: 2 }
const byRate: BreakerRule = { kind: 'rate', rate: 0.5, windowMs: 10_000, minimum: 20, openMs: 30_000, successes: 2 }
const trialMs = 60_000

/** A breaker with a clock that is moved by hand. */
class Bench {
  breaker: Breaker
  now = 1_000
  readonly rule: BreakerRule

  constructor(rule: BreakerRule, breaker: Breaker = closedBreaker()) {
    this.rule = rule
    this.breaker = breaker
  }

  /** The ticket, or null when the call was refused. */
  place(): Ticket | null {
    const placing = place(this.breaker, this.rule, this.now, trialMs)
    this.breaker = placing.breaker
    return placing.admitted ? placing.ticket : null
  }

  settle(ticket: Ticket | null, outcome: 'success' | 'failure' | 'abandoned'): void {
    if (!ticket) throw new Error('The call was refused.')
    this.breaker = settle(this.breaker, this.rule, ticket, outcome, this.now)
  }

  calls(count: number, outcome: 'success' | 'failure'): void {
    for (let n = 0; n < count; n++) this.settle(this.place(), outcome)
  }

  get state() {
    return breakerAt(this.breaker, this.rule, this.now).state
  }

  /** Five failures, and the time that it stays open. */
  toHalfOpen(): void {
    this.calls(5, 'failure')
    this.now += 30_000
    expect(this.state).toBe('half-open')
  }
}

describe('a breaker that counts failures in a row', () => {
  it('opens at the fifth failure and not before; a success in between starts the count anew', () => {
    const bench = new Bench(inARow)
    bench.calls(4, 'failure')
    bench.calls(1, 'success')
    bench.calls(4, 'failure')
    expect(bench.state).toBe('closed')
    bench.calls(1, 'failure')
    expect(bench.state).toBe('open')
    expect(bench.place()).toBeNull()
  })

  it('is open for its time, then half-open, and closed after two successes', () => {
    const bench = new Bench(inARow)
    bench.calls(5, 'failure')
    expect(triesAgainAt(bench.breaker, inARow)).toBe(31_000)
    bench.now += 29_999
    expect(bench.place()).toBeNull()
    bench.now += 1
    bench.calls(1, 'success')
    expect(bench.state).toBe('half-open')
    bench.calls(1, 'success')
    expect(bench.state).toBe('closed')
  })

  it('opens again for its whole time when a trial fails', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    bench.calls(1, 'success')
    bench.calls(1, 'failure')
    expect(bench.state).toBe('open')
    expect(triesAgainAt(bench.breaker, inARow)).toBe(bench.now + 30_000)
  })

  it('does not count a call whose caller went away', () => {
    const bench = new Bench(inARow)
    bench.calls(4, 'failure')
    for (let n = 0; n < 20; n++) bench.settle(bench.place(), 'abandoned')
    expect(bench.state).toBe('closed')
  })
})

describe('a breaker that goes by a rate', () => {
  it('a minimum volume keeps the first errors from opening it', () => {
    const bench = new Bench(byRate)
    bench.calls(19, 'failure')
    expect(bench.state).toBe('closed')
    bench.calls(1, 'failure')
    expect(bench.state).toBe('open')
  })

  it('opens when half of the calls fail, and not at less', () => {
    const bench = new Bench(byRate)
    for (let n = 0; n < 20; n++) {
      bench.calls(3, 'success')
      bench.calls(2, 'failure')
    }
    expect(bench.state).toBe('closed')
    bench.calls(20, 'failure')
    expect(bench.state).toBe('open')
  })

  it('forgets calls that left the window', () => {
    const bench = new Bench(byRate)
    bench.calls(19, 'failure')
    bench.now += 10_000
    bench.calls(15, 'success')
    bench.calls(14, 'failure')
    expect(bench.state).toBe('closed')
    bench.calls(1, 'failure')
    expect(bench.state).toBe('open')
  })

  it('keeps at most eleven figures, however many calls there are', () => {
    const bench = new Bench(byRate)
    for (let n = 0; n < 5_000; n++) {
      bench.now += 7
      bench.calls(1, 'success')
    }
    expect(bench.breaker.window.length).toBeLessThanOrEqual(11)
  })
})

describe('the half-open state', () => {
  it('limits the calls placed, not the results counted (App-vNext/Polly#239)', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    const placed = Array.from({ length: 100 }, () => bench.place()).filter((ticket) => ticket !== null)
    expect(placed).toHaveLength(2)
  })

  it('gives the place of a trial whose caller went away to the next', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    const first = bench.place()
    bench.settle(bench.place(), 'success')
    expect(bench.place()).toBeNull()
    bench.settle(first, 'abandoned')
    bench.settle(bench.place(), 'success')
    expect(bench.state).toBe('closed')
  })

  it('is not stuck when a trial is never answered: it has failed when its time is over (nodeshift/opossum#276)', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    bench.place()
    bench.place()
    bench.now += trialMs - 1
    expect(bench.place()).toBeNull()
    bench.now += 1
    expect(bench.state).toBe('open')
    bench.now += 30_000
    bench.calls(2, 'success')
    expect(bench.state).toBe('closed')
  })

  it('is found at once by whoever asks after a long silence, whatever was missed meanwhile', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    bench.place()
    bench.now += 24 * 3_600_000
    expect(bench.state).toBe('half-open')
    bench.calls(2, 'success')
    expect(bench.state).toBe('closed')
  })
})

describe('results of calls placed before a change of state', () => {
  it('many that fail together open it once, and no timer is lost over it (nodeshift/opossum#385)', () => {
    const bench = new Bench(inARow)
    const tickets = Array.from({ length: 50 }, () => bench.place())
    for (const ticket of tickets) {
      bench.settle(ticket, 'failure')
      bench.now += 10
    }
    expect(bench.breaker.epoch).toBe(1)
    // Counted from the failure that opened it, not from the last of them.
    expect(triesAgainAt(bench.breaker, inARow)).toBe(1_000 + 40 + 30_000)
    bench.now = 1_000 + 40 + 30_000
    expect(bench.place()).not.toBeNull()
  })

  it('do not count for the new state: neither a late failure nor a late success', () => {
    const bench = new Bench(inARow)
    const early = [bench.place(), bench.place(), bench.place()]
    bench.toHalfOpen()
    bench.settle(early[0] ?? null, 'failure')
    expect(bench.state).toBe('half-open')
    bench.settle(early[1] ?? null, 'success')
    bench.calls(1, 'success')
    expect(bench.state).toBe('half-open')
    bench.calls(1, 'success')
    bench.calls(4, 'failure')
    bench.settle(early[2] ?? null, 'failure')
    expect(bench.state).toBe('closed')
  })

  it('the same result twice counts once', () => {
    const bench = new Bench(inARow)
    bench.toHalfOpen()
    const ticket = bench.place()
    bench.settle(ticket, 'success')
    bench.settle(ticket, 'success')
    expect(bench.state).toBe('half-open')
  })
})

describe('checks', () => {
  it('open a closed breaker when as many fail in a row as calls would have to', () => {
    const bench = new Bench(inARow)
    for (let n = 0; n < 5; n++) bench.breaker = checked(bench.breaker, inARow, false, bench.now)
    expect(bench.state).toBe('open')
    expect(bench.breaker.because).toBe('checks-failed')
  })

  it('one that passes does not forgive calls that fail: its path may be the only one that works', () => {
    const bench = new Bench(inARow)
    for (let n = 0; n < 5; n++) {
      bench.calls(1, 'failure')
      bench.breaker = checked(bench.breaker, inARow, true, bench.now)
    }
    expect(bench.state).toBe('open')
  })
})

describe('an operator', () => {
  it('isolates it: no call passes, however long, until it is reset', () => {
    const bench = new Bench(inARow)
    const before = bench.place()
    bench.breaker = isolated(bench.breaker)
    bench.now += 3_600_000
    expect(bench.place()).toBeNull()
    bench.settle(before, 'success')
    expect(bench.state).toBe('isolated')
    bench.breaker = reset(bench.breaker)
    expect(bench.place()).not.toBeNull()
  })

  it('resets an open one: calls pass at once, and earlier failures are forgotten', () => {
    const bench = new Bench(inARow)
    bench.calls(5, 'failure')
    bench.breaker = reset(bench.breaker)
    bench.calls(4, 'failure')
    expect(bench.state).toBe('closed')
  })
})

describe('a restart of the console', () => {
  const at = 1_700_000_000_000
  const record = { state: 'open', because: 'failures-in-a-row', at } as const

  it('does not forget an open breaker: it is open for what is left of its time', () => {
    const bench = new Bench(inARow, rememberedBreaker(record, inARow, { now: 1_000, wall: at + 10_000 }))
    expect(bench.place()).toBeNull()
    bench.now += 19_999
    expect(bench.state).toBe('open')
    bench.now += 1
    expect(bench.state).toBe('half-open')
  })

  it('a wall clock that was set back keeps it open for its whole time at most, one set forward lets calls be tried', () => {
    const back = new Bench(inARow, rememberedBreaker(record, inARow, { now: 1_000, wall: at - 86_400_000 }))
    back.now += 30_000
    expect(back.state).toBe('half-open')
    const forward = new Bench(inARow, rememberedBreaker(record, inARow, { now: 1_000, wall: at + 86_400_000 }))
    expect(forward.state).toBe('half-open')
  })

  it('nor one that a person isolated', () => {
    const kept = rememberedBreaker({ ...record, state: 'isolated' }, inARow, { now: 0, wall: at + 86_400_000 })
    expect(breakerAt(kept, inARow, 1e9).state).toBe('isolated')
  })
})
