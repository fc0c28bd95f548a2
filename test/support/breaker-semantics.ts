import { vi } from 'vitest'
import type { BreakerRule } from '#core/proxy/breaker.ts'
import { type AskedCall, type BreakerMaker, type Fate, type PeerBreaker, trialMs } from './peer-breakers.ts'

/** One thing that a breaker must do here, and how it is tried. */
export interface Semantic {
  readonly says: string
  readonly rule: BreakerRule
  /** What must be seen. */
  readonly wanted: string
  /** What is seen instead, of those who do otherwise. */
  readonly instead: { readonly cockatiel?: string; readonly opossum?: string }
  /** Tries it on a new breaker and says what was seen. */
  readonly seen: (breaker: PeerBreaker, maker: BreakerMaker) => Promise<string>
}

/** The rule of most. */
export const inARow: BreakerRule = { kind: 'consecutive', failures: 5, openMs: 30_000, successes: 2 }
const byRate: BreakerRule = { kind: 'rate', rate: 0.5, windowMs: 10_000, minimum: 20, openMs: 30_000, successes: 2 }

const fewByRate: BreakerRule = { ...byRate, minimum: 5 }

/** Those of PEERS.md (supervision) that a breaker decides alone, and those that follow from calls over HTTP. */
export const semantics: readonly Semantic[] = [
  {
    says: 'failures in a row: the fifth opens it, not the fourth, and a success starts the count anew',
    rule: inARow,
    wanted: 'placed placed refused',
    instead: { opossum: 'placed placed placed' },
    async seen(breaker) {
      await calls(breaker, 4, 'failure')
      const afterFour = await fate(breaker, 'success')
      await calls(breaker, 4, 'failure')
      return `${afterFour} ${await fate(breaker, 'failure')} ${await fate(breaker)}`
    },
  },
  {
    says: 'a rate has a minimum volume: nineteen failures do not open it, the twentieth does',
    rule: byRate,
    wanted: 'placed refused',
    instead: {},
    async seen(breaker) {
      await calls(breaker, 19, 'failure')
      return `${await fate(breaker, 'failure')} ${await fate(breaker)}`
    },
  },
  {
    says: 'a rate forgets the calls that left its window, also when none came meanwhile',
    rule: byRate,
    wanted: 'placed',
    instead: { cockatiel: 'refused' },
    async seen(breaker) {
      await calls(breaker, 19, 'failure')
      await elapse(10_000)
      await calls(breaker, 5, 'failure')
      return await fate(breaker)
    },
  },
  {
    says: 'a rate is one of calls that ended: thirty that hang do not hide that every other one fails',
    rule: byRate,
    wanted: 'refused',
    instead: { opossum: 'placed' },
    async seen(breaker) {
      for (let n = 0; n < 30; n++) await breaker.ask()
      await calls(breaker, 20, 'failure')
      return await fate(breaker)
    },
  },
  {
    says: 'half-open places no more trials than successes are missing (App-vNext/Polly#239)',
    rule: inARow,
    wanted: '2 of 20 placed',
    instead: { opossum: '1 of 20 placed' },
    async seen(breaker) {
      await halfOpened(breaker)
      return `${(await many(breaker, 20)).filter((each) => each.fate === 'placed').length} of 20 placed`
    },
  },
  {
    says: 'half-open, whoever is no trial is answered at once, with the fallback',
    rule: inARow,
    wanted: 'refused',
    instead: { cockatiel: 'held' },
    async seen(breaker) {
      await halfOpened(breaker)
      return (await many(breaker, 20)).at(-1)?.fate ?? 'nobody'
    },
  },
  {
    says: 'half-open, it closes after two successes and not after one',
    rule: inARow,
    wanted: 'open, closed',
    instead: { opossum: 'closed, closed' },
    async seen(breaker) {
      await halfOpened(breaker)
      await calls(breaker, 1, 'success')
      const afterOne = closedness(breaker)
      await calls(breaker, 1, 'success')
      return `${afterOne}, ${closedness(breaker)}`
    },
  },
  {
    says: 'half-open, one failed trial opens it for its whole time',
    rule: inARow,
    wanted: 'refused, after 30 s placed',
    instead: {},
    async seen(breaker) {
      await halfOpened(breaker)
      await calls(breaker, 1, 'failure')
      await elapse(29_999)
      const before = await fate(breaker)
      await elapse(1)
      return `${before}, after 30 s ${await fate(breaker)}`
    },
  },
  {
    says: 'a trial that nobody ever answers does not hold it half-open for ever (nodeshift/opossum#276)',
    rule: inARow,
    wanted: 'placed',
    instead: { cockatiel: 'held', opossum: 'refused' },
    async seen(breaker) {
      await halfOpened(breaker)
      await many(breaker, 2)
      await elapse(trialMs + 30_000)
      return await fate(breaker)
    },
  },
  {
    says: 'a trial whose caller went away says nothing: it neither closes nor opens it, and its place is free again',
    rule: { ...inARow, successes: 1 },
    wanted: 'open, then placed',
    instead: { cockatiel: 'closed, then placed', opossum: 'closed, then placed' },
    async seen(breaker) {
      await halfOpened(breaker)
      await calls(breaker, 1, 'abandoned')
      return `${closedness(breaker)}, then ${await fate(breaker)}`
    },
  },
  {
    says: 'fifty that fail together open it once, and it is tried again in time (nodeshift/opossum#385)',
    rule: fewByRate,
    wanted: 'refused, after 30 s placed',
    instead: {},
    async seen(breaker) {
      for (const call of await many(breaker, 50)) await call.end('failure')
      await elapse(29_999)
      const before = await fate(breaker)
      await elapse(1)
      return `${before}, after 30 s ${await fate(breaker)}`
    },
  },
  {
    says: 'the late failure of a call placed before it opened does not open it anew',
    rule: fewByRate,
    wanted: 'placed',
    instead: { cockatiel: 'refused', opossum: 'refused' },
    async seen(breaker) {
      const late = await breaker.ask()
      await halfOpened(breaker)
      const trial = await breaker.ask()
      await late.end('failure')
      await trial.end('success')
      return await fate(breaker)
    },
  },
  {
    says: 'the late success of a call placed before it opened does not close it',
    rule: { ...fewByRate, successes: 1 },
    wanted: 'open',
    instead: { opossum: 'closed' },
    async seen(breaker) {
      const late = await breaker.ask()
      await halfOpened(breaker)
      await breaker.ask()
      await late.end('success')
      return closedness(breaker)
    },
  },
  {
    says: 'how long it stays open is time that passed: a wall clock set back by an hour changes nothing',
    rule: inARow,
    wanted: 'placed',
    instead: { cockatiel: 'refused' },
    async seen(breaker) {
      await calls(breaker, 5, 'failure')
      vi.setSystemTime(Date.now() - 3_600_000)
      await elapse(30_000)
      return await fate(breaker)
    },
  },
  {
    says: 'isolated by a person, it lets nothing through however long, until it is reset',
    rule: inARow,
    wanted: 'refused, reset placed',
    instead: { opossum: 'placed, reset placed' },
    async seen(breaker) {
      breaker.isolate()
      await elapse(3_600_000)
      const held = await fate(breaker)
      breaker.reset()
      return `${held}, reset ${await fate(breaker)}`
    },
  },
  {
    says: 'reset by a person, it has forgotten the failures before',
    rule: inARow,
    wanted: 'placed',
    instead: { cockatiel: 'refused', opossum: 'refused' },
    async seen(breaker) {
      await calls(breaker, 5, 'failure')
      breaker.reset()
      await calls(breaker, 1, 'failure')
      return await fate(breaker)
    },
  },
  {
    says: 'a restart does not forget that it is open, nor for how long it has been',
    rule: inARow,
    wanted: 'refused, after the rest placed',
    instead: { opossum: 'placed, after the rest placed' },
    async seen(breaker, maker) {
      await elapse(3_600_000)
      await calls(breaker, 5, 'failure')
      await elapse(20_000)
      const next = maker.make(inARow, breaker.saved())
      const before = await fate(next)
      await elapse(10_000)
      return `${before}, after the rest ${await fate(next)}`
    },
  },
  {
    says: 'a restart does not forget that a person isolated it, and it can be reset after it',
    rule: inARow,
    wanted: 'refused, reset placed',
    instead: { cockatiel: 'refused, reset refused', opossum: 'placed, reset placed' },
    async seen(breaker, maker) {
      breaker.isolate()
      const next = maker.make(inARow, breaker.saved())
      await elapse(3_600_000)
      const held = await fate(next)
      next.reset()
      return `${held}, reset ${await fate(next)}`
    },
  },
]

/** Asks for one call, which ends with `outcome` when it was placed, and says what became of it. */
export async function fate(breaker: PeerBreaker, outcome: 'success' | 'failure' = 'success'): Promise<Fate> {
  const call = await breaker.ask()
  const { fate } = call
  await call.end(outcome)
  return fate
}

async function calls(breaker: PeerBreaker, count: number, outcome: 'success' | 'failure' | 'abandoned'): Promise<void> {
  for (let n = 0; n < count; n++) await (await breaker.ask()).end(outcome)
}

/** So many calls under way at the same time. */
async function many(breaker: PeerBreaker, count: number): Promise<AskedCall[]> {
  const asked: AskedCall[] = []
  for (let n = 0; n < count; n++) asked.push(await breaker.ask())
  return asked
}

async function halfOpened(breaker: PeerBreaker): Promise<void> {
  await calls(breaker, 5, 'failure')
  await elapse(30_000)
}

function closedness(breaker: PeerBreaker): string {
  return breaker.isClosed ? 'closed' : 'open'
}

/** Lets time go by, with every timer that falls due. */
export async function elapse(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
}
