import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  noJitterGenerator,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import CircuitBreaker from 'opossum'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffMs } from '#core/platform/index.ts'
import { elapse, fate, semantics } from '../../../../test/support/breaker-semantics.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { cockatiel, opossum, ours } from '../../../../test/support/peer-breakers.ts'
import { targetRig, targetSettings } from '../../../../test/support/target-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { upstream } from '../../../../test/support/upstream.ts'
import type { BreakerRule } from './breaker.ts'

/**
 * Why the breakers are the console's own: what a breaker must do here, tried on ours and on two well-kept libraries. Each
 * name says what is seen of whom, so a later version of one of them that does better is noticed (docs/decisions.md).
 */
for (const { says, rule, wanted, instead, seen } of semantics) {
  describe(says, () => {
    beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 8) }))
    afterEach(() => void vi.useRealTimers())

    it('ours does', async () => {
      expect(await seen(ours.make(rule), ours)).toBe(wanted)
    })

    for (const [maker, other] of [[cockatiel, instead.cockatiel] as const, [opossum, instead.opossum] as const]) {
      it(`${maker.name} ${other === undefined ? 'does' : `does not: “${other}” for “${wanted}”`}`, async () => {
        expect(await seen(maker.make(rule), maker)).toBe(other ?? wanted)
      })
    }
  })
}

describe('a time-out', () => {
  it('ours counts it once, also when the other side fails late', async () => {
    const clock = new ManualClock()
    let cut: () => void = () => {}
    await using other = await upstream((_, { socket }) => {
      cut = () => socket.destroy()
    })
    await using rig = await targetRig(targetSettings(other.url, { attempts: 1 }), clock)
    const answer = rig.call()
    await until('the call to arrive', () => other.seen.length === 1)
    await clock.advance(30_000)
    cut()
    await answer
    expect(rig.target.gate.breaker.failures).toBe(1)
    expect(rig.target.figures.tries.failed).toBe(1)
  })

  it('cockatiel counts it once', async () => {
    const breaker = new ConsecutiveBreaker(5)
    const policy = wrap(
      circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker }),
      timeout(1, TimeoutStrategy.Aggressive),
    )
    const late = Promise.withResolvers<void>()
    await expect(policy.execute(() => late.promise)).rejects.toThrow('timed out')
    late.reject(new Error('late'))
    await late.promise.catch(() => {})
    expect(breaker.state).toBe(1)
  })

  it('opossum counts it once', async () => {
    const late = Promise.withResolvers<void>()
    const breaker = new CircuitBreaker(() => late.promise, { timeout: 1, volumeThreshold: 5 })
    await expect(breaker.fire()).rejects.toThrow('Timed out')
    late.reject(new Error('late'))
    await late.promise.catch(() => {})
    expect(breaker.stats.failures).toBe(1)
    breaker.shutdown()
  })
})

describe('a trial that hangs behind a time-out of its own', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 8) }))
  afterEach(() => void vi.useRealTimers())
  const hanging = (): Promise<void> => new Promise(() => {})

  it('does not hold cockatiel half-open', async () => {
    const initialState = { ownState: { value: CircuitState.Open, openedAt: 0, attemptNo: 1 }, breakerState: 5 }
    const breaker = new ConsecutiveBreaker(5)
    const policy = wrap(
      circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker, initialState }),
      timeout(1_000, TimeoutStrategy.Aggressive),
    )
    policy.execute(hanging).catch(() => {})
    await elapse(1_000 + 30_000)
    await expect(policy.execute(async () => 'placed')).resolves.toBe('placed')
  })

  it('does not hold opossum half-open', async () => {
    let action: () => Promise<void> = hanging
    const breaker = new CircuitBreaker(() => action(), { timeout: 1_000, resetTimeout: 30_000 })
    breaker.open()
    await elapse(30_000)
    breaker.fire().catch(() => {})
    await elapse(1_000 + 30_000)
    action = async () => {}
    await breaker.fire()
    expect(breaker.closed).toBe(true)
    breaker.shutdown()
  })
})

describe('calls one after another', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 8) }))
  afterEach(() => void vi.useRealTimers())

  it('ours passes and refuses the same ones as cockatiel, in sixty drawn days', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const chance = drawn(seed)
      const rule: BreakerRule = {
        kind: 'consecutive',
        openMs: 30_000,
        failures: 1 + Math.floor(chance() * 5),
        successes: 1 + Math.floor(chance() * 3),
      }
      const [mine, theirs] = [ours.make(rule), cockatiel.make(rule)]
      const failing = chance()
      for (let step = 0; step < 40; step++) {
        await elapse(Math.floor(chance() * 12_000))
        const outcome = chance() < failing ? 'failure' : 'success'
        const fates = [await fate(mine, outcome), await fate(theirs, outcome)]
        expect(fates, `seed ${seed}, step ${step}`).toEqual([fates[0], fates[0]])
      }
    }
  })
})

describe('pauses before a call is repeated', () => {
  it('grow as those of cockatiel do without chance, up to the cap', () => {
    const backoff = { firstMs: 250, factor: 2, capMs: 10_000 }
    let pause = new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: 250, maxDelay: 10_000 }).next()
    for (let attempt = 1; attempt <= 12; attempt++) {
      expect(backoffMs(backoff, attempt, 0)).toBe(pause.duration)
      pause = pause.next(null)
    }
  })

  it('have the factor that site.yaml says; cockatiel without chance, or with its own, always doubles', () => {
    const backoff = { firstMs: 1_000, factor: 1.5, capMs: 30_000 }
    const theirs = new ExponentialBackoff({
      generator: noJitterGenerator,
      initialDelay: 1_000,
      exponent: 1.5,
      maxDelay: 30_000,
    })
    expect([backoffMs(backoff, 2, 0), theirs.next().next(null).duration]).toEqual([1_500, 2_000])
  })

  it('of cockatiel go on when the caller has gone away, and the call is placed again', async () => {
    vi.useFakeTimers()
    try {
      const leaving = new AbortController()
      let placed = 0
      const call = retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }).execute(async () => {
        placed++
        throw new Error('The other side failed.')
      }, leaving.signal)
      call.catch(() => {})
      await vi.advanceTimersByTimeAsync(0)
      leaving.abort()
      await vi.advanceTimersByTimeAsync(60_000)
      expect(placed).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })
})

/** Chances in [0, 1) that follow from a seed. */
function drawn(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
