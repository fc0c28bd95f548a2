import { emptyWindow, type OutcomeWindow, sumOf, withOutcome } from './outcome-window.ts'

/** When a breaker opens and closes. Times in milliseconds. */
export type BreakerRule = {
  /** How long it stays open before calls are tried again. */
  readonly openMs: number
  /** Tried calls that must succeed until it closes. */
  readonly successes: number
} & (
  | { readonly kind: 'consecutive'; readonly failures: number }
  /** `rate` is a share in (0, 1] of the calls within the window; with fewer calls than `minimum` it says nothing. */
  | { readonly kind: 'rate'; readonly rate: number; readonly windowMs: number; readonly minimum: number }
)

export type BreakerState = 'closed' | 'open' | 'half-open' | 'isolated'

/** Why it has the state that it has. */
export type BreakerReason =
  | 'new'
  | 'failures-in-a-row'
  | 'failure-rate'
  | 'checks-failed'
  | 'trial-failed'
  | 'trial-unanswered'
  | 'time-is-over'
  | 'trials-passed'
  | 'operator'

/** A call of the half-open state that has no result yet. */
interface Trial {
  readonly id: number
  /** Monotonic time; without a result by then it has failed. */
  readonly until: number
}

/** Everything that a breaker decides by. Times are monotonic. Changed only by the functions of this file. */
export interface Breaker {
  readonly state: BreakerState
  /** Counts the changes of state: the result of a call counts only in the state that the call was placed in. */
  readonly epoch: number
  readonly because: BreakerReason
  /** While closed: failures in a row. */
  readonly failures: number
  /** While closed: failed checks in a row. They do not mix with calls: a check that passes says little of other paths. */
  readonly failedChecks: number
  /** While closed: what became of the calls of late. */
  readonly window: OutcomeWindow
  /** While open: since when. */
  readonly openedAt: number
  /** While half-open: calls under way, and those that succeeded. */
  readonly trials: readonly Trial[]
  readonly passed: number
  /** Number of the next trial. */
  readonly nextTrial: number
}

/** A place that a call was given; its result comes back with it. */
export interface Ticket {
  readonly epoch: number
  readonly trial: number | null
}

/** `abandoned`: it says nothing, because the caller went away. */
export type Outcome = 'success' | 'failure' | 'abandoned'

export type Placing =
  | { readonly admitted: true; readonly breaker: Breaker; readonly ticket: Ticket }
  /** `retryMs`: when asking again may help; null when only a person can help or a call under way decides. */
  | { readonly admitted: false; readonly breaker: Breaker; readonly retryMs: number | null }

export function closedBreaker(): Breaker {
  return {
    state: 'closed',
    epoch: 0,
    because: 'new',
    failures: 0,
    failedChecks: 0,
    window: emptyWindow,
    openedAt: 0,
    trials: [],
    passed: 0,
    nextTrial: 1,
  }
}

/**
 * The breaker as it is at this moment. Time alone opens and half-opens it here, when it is asked: no timer is needed that
 * could be lost (nodeshift/opossum#385), and a trial whose result never comes has failed when its time is over
 * (nodeshift/opossum#276).
 */
export function breakerAt(breaker: Breaker, rule: BreakerRule, now: number): Breaker {
  if (breaker.state === 'open' && now >= breaker.openedAt + rule.openMs) return halfOpened(breaker)
  const overdue = breaker.state === 'half-open' ? breaker.trials.find(({ until }) => now >= until) : undefined
  return overdue ? breakerAt(opened(breaker, 'trial-unanswered', overdue.until), rule, now) : breaker
}

/**
 * Asks for a place for one call. While half-open no more calls are under way than successes are missing: what is limited is
 * the calls placed, not the results counted (App-vNext/Polly#239). `withinMs` is how long a trial may take at most.
 */
export function place(before: Breaker, rule: BreakerRule, now: number, withinMs: number): Placing {
  const breaker = breakerAt(before, rule, now)
  const { epoch, state, trials, passed, nextTrial } = breaker
  switch (state) {
    case 'closed':
      return { admitted: true, breaker, ticket: { epoch, trial: null } }
    case 'open':
      return { admitted: false, breaker, retryMs: breaker.openedAt + rule.openMs - now }
    case 'isolated':
      return { admitted: false, breaker, retryMs: null }
    case 'half-open': {
      if (passed + trials.length >= rule.successes) return { admitted: false, breaker, retryMs: null }
      const placed = {
        ...breaker,
        trials: [...trials, { id: nextTrial, until: now + withinMs }],
        nextTrial: nextTrial + 1,
      }
      return { admitted: true, breaker: placed, ticket: { epoch, trial: nextTrial } }
    }
  }
}

/** Takes the result of a call. One from an earlier state changes nothing, so many that fail together open it once. */
export function settle(before: Breaker, rule: BreakerRule, ticket: Ticket, outcome: Outcome, now: number): Breaker {
  const breaker = breakerAt(before, rule, now)
  if (ticket.epoch !== breaker.epoch) return breaker
  if (breaker.state === 'closed') return outcome === 'abandoned' ? breaker : counted(breaker, rule, outcome, now)
  if (breaker.state !== 'half-open' || !breaker.trials.some(({ id }) => id === ticket.trial)) return breaker
  const trials = breaker.trials.filter(({ id }) => id !== ticket.trial)
  if (outcome === 'abandoned') return { ...breaker, trials }
  if (outcome === 'failure') return opened(breaker, 'trial-failed', now)
  const passed = breaker.passed + 1
  return passed >= rule.successes ? closed(breaker, 'trials-passed') : { ...breaker, trials, passed }
}

/** Failed checks in a row that open a breaker which goes by a rate. */
const failedChecksOfRate = 3

/** Takes the result of a periodic check while closed. A passing one does not forgive calls that failed. */
export function checked(before: Breaker, rule: BreakerRule, ok: boolean, now: number): Breaker {
  const breaker = breakerAt(before, rule, now)
  if (breaker.state !== 'closed') return breaker
  const failedChecks = ok ? 0 : breaker.failedChecks + 1
  const most = rule.kind === 'consecutive' ? rule.failures : failedChecksOfRate
  return failedChecks >= most ? opened(breaker, 'checks-failed', now) : { ...breaker, failedChecks }
}

/** Held open by a person, until {@link reset}. */
export function isolated(breaker: Breaker): Breaker {
  return breaker.state === 'isolated' ? breaker : changed(breaker, 'isolated', 'operator')
}

/** Closed by a person, with everything forgotten. */
export function reset(breaker: Breaker): Breaker {
  return closed(breaker, 'operator')
}

/** Monotonic time at which an open breaker lets calls be tried again; null in every other state. */
export function triesAgainAt(breaker: Breaker, rule: BreakerRule): number | null {
  return breaker.state === 'open' ? breaker.openedAt + rule.openMs : null
}

/** What is kept of a breaker over a restart of the console. Wall-clock milliseconds. */
export interface BreakerRecord {
  readonly state: BreakerState
  readonly because: BreakerReason
  /** Since when it has this state. */
  readonly at: number
}

/**
 * The breaker that a record describes. An open one is open for what is left of its time, counted by the wall clock, which
 * may have jumped: back, and it is open for its whole time again at most; forward, and calls are tried earlier.
 */
export function rememberedBreaker(
  record: BreakerRecord,
  rule: BreakerRule,
  { now, wall }: { readonly now: number; readonly wall: number },
): Breaker {
  const fresh = closedBreaker()
  const base = { ...fresh, epoch: 1, because: record.because }
  switch (record.state) {
    case 'closed':
      return base
    case 'isolated':
      return { ...base, state: 'isolated' }
    case 'half-open':
      return { ...base, state: 'half-open' }
    case 'open': {
      const passedMs = Math.min(rule.openMs, Math.max(0, wall - record.at))
      return { ...base, state: 'open', openedAt: now - passedMs }
    }
  }
}

function counted(breaker: Breaker, rule: BreakerRule, outcome: 'success' | 'failure', now: number): Breaker {
  const failures = outcome === 'success' ? 0 : breaker.failures + 1
  if (rule.kind === 'consecutive') {
    return failures >= rule.failures ? opened(breaker, 'failures-in-a-row', now) : { ...breaker, failures }
  }
  const window = withOutcome(breaker.window, outcome === 'failure', now, rule.windowMs)
  const sum = sumOf(window, now, rule.windowMs)
  const tripped = outcome === 'failure' && sum.calls >= rule.minimum && sum.failures / sum.calls >= rule.rate
  return tripped ? opened(breaker, 'failure-rate', now) : { ...breaker, failures, window }
}

function opened(breaker: Breaker, because: BreakerReason, now: number): Breaker {
  return { ...changed(breaker, 'open', because), openedAt: now }
}

function halfOpened(breaker: Breaker): Breaker {
  return changed(breaker, 'half-open', 'time-is-over')
}

function closed(breaker: Breaker, because: BreakerReason): Breaker {
  return changed(breaker, 'closed', because)
}

/** Every change of state forgets what the state before counted, and makes the results of its calls void. */
function changed(breaker: Breaker, state: BreakerState, because: BreakerReason): Breaker {
  return { ...closedBreaker(), state, because, epoch: breaker.epoch + 1, nextTrial: breaker.nextTrial }
}
