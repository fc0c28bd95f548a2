import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, SamplingBreaker } from 'cockatiel'
import CircuitBreaker from 'opossum'
import { vi } from 'vitest'
import { systemClock } from '#core/platform/index.ts'
import type { BreakerRecord, BreakerRule } from '#core/proxy/breaker.ts'
import { BreakerGate } from '#core/proxy/breaker-gate.ts'

/** What became of a call that a breaker was asked for; `held`: neither passed on nor answered. */
export type Fate = 'placed' | 'refused' | 'held'

export interface AskedCall {
  readonly fate: Fate
  /** The other side answers, or the caller goes away. */
  end(outcome: 'success' | 'failure' | 'abandoned'): Promise<void>
}

/** A breaker as it is asked for calls, whoever wrote it. It lives on vitest's fake timers. */
export interface PeerBreaker {
  ask(): Promise<AskedCall>
  /** Whether it has seen that its time is over is not asked: some find out with the next call. */
  readonly isClosed: boolean
  /** Held open by a person. */
  isolate(): void
  /** Closed by a person. */
  reset(): void
  /** What its maker offers to be kept over a restart. */
  saved(): string
}

export interface BreakerMaker {
  readonly name: 'ours' | 'cockatiel' | 'opossum'
  /** A breaker with this rule, or the nearest that can be configured; `saved` is what one before it gave to be kept. */
  make(rule: BreakerRule, saved?: string): PeerBreaker
}

/** How long a trial of ours may take. */
export const trialMs = 60_000

export const ours: BreakerMaker = {
  name: 'ours',
  make(rule, saved) {
    const record: BreakerRecord | null = saved === undefined ? null : JSON.parse(saved)
    const gate = new BreakerGate(rule, record, systemClock(), () => {})
    return {
      async ask() {
        const placing = gate.place(trialMs)
        if (!placing.admitted) return { fate: 'refused', end: async () => {} }
        return { fate: 'placed', end: async (outcome) => gate.settle(placing.ticket, outcome) }
      },
      get isClosed() {
        return gate.breaker.state === 'closed'
      },
      isolate: () => gate.isolate(),
      reset: () => gate.reset(),
      saved: () => JSON.stringify(gate.record),
    }
  },
}

export const cockatiel: BreakerMaker = {
  name: 'cockatiel',
  make(rule, saved) {
    const policy = circuitBreaker(
      handleWhen((error) => error !== abandoned),
      {
        halfOpenAfter: rule.openMs,
        halfOpenSampling: { calls: rule.successes, threshold: 0 },
        breaker:
          rule.kind === 'consecutive'
            ? new ConsecutiveBreaker(rule.failures)
            : new SamplingBreaker({
                // It opens above its threshold, not at it.
                threshold: rule.rate - hair,
                duration: rule.windowMs,
                minimumRps: (rule.minimum * 1_000) / rule.windowMs,
              }),
        ...(saved === undefined ? {} : { initialState: JSON.parse(saved) }),
      },
    )
    let isolation: { dispose(): void } | null = null
    return {
      ask: () => askedOf((action) => policy.execute(action)),
      get isClosed() {
        return policy.state === CircuitState.Closed
      },
      isolate: () => {
        isolation = policy.isolate()
      },
      reset: () => {
        isolation ??= policy.isolate()
        isolation.dispose()
        isolation = null
      },
      saved: () => JSON.stringify(policy),
    }
  },
}

export const opossum: BreakerMaker = {
  name: 'opossum',
  make(rule, saved) {
    const options = {
      timeout: false as const,
      resetTimeout: rule.openMs,
      // It knows rates only, and opens above its threshold, not at it.
      errorThresholdPercentage: 100 * (rule.kind === 'rate' ? rule.rate - hair : 1 - hair),
      volumeThreshold: rule.kind === 'rate' ? rule.minimum : rule.failures,
      ...(rule.kind === 'rate' ? { rollingCountTimeout: rule.windowMs } : {}),
      errorFilter: (error: unknown) => error === abandoned,
      ...(saved === undefined ? {} : { state: JSON.parse(saved).state }),
    }
    const breaker = new CircuitBreaker((action: () => Promise<void>) => action(), options)
    return {
      ask: () => askedOf((action) => breaker.fire(action)),
      get isClosed() {
        return breaker.closed
      },
      isolate: () => breaker.open(),
      reset: () => breaker.close(),
      saved: () => JSON.stringify(breaker),
    }
  },
}

/** A caller that went away, told to a breaker as an error that is not the other side's. */
export const abandoned = new Error('The caller went away.')

const hair = 1e-9

async function askedOf(pass: (action: () => Promise<void>) => Promise<void>): Promise<AskedCall> {
  const answer = Promise.withResolvers<void>()
  answer.promise.catch(() => {}) // nobody waits for it when it was not placed
  let fate: Fate = 'held'
  pass(() => {
    fate = 'placed'
    return answer.promise
  }).catch(() => {
    if (fate === 'held') fate = 'refused'
  })
  await vi.advanceTimersByTimeAsync(0)
  return {
    get fate() {
      return fate
    },
    async end(outcome) {
      if (outcome === 'success') answer.resolve()
      else answer.reject(outcome === 'abandoned' ? abandoned : new Error('The other side failed.'))
      await vi.advanceTimersByTimeAsync(0)
    },
  }
}
