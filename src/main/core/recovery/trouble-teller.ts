import type { Attention } from '#core/attention/index.ts'
import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { type Clock, newId } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Attempts } from './attempts.ts'
import { cardOf, raiseCall } from './cards.ts'
import type { Decision } from './decide.ts'
import { recoveryEvents } from './event-kinds.ts'
import type { Seen } from './watch.ts'
import { conditionInWords, stepInWords, subjectInWords } from './words.ts'

export interface TroubleTellerParts {
  readonly attempts: Attempts
  readonly events: EventLog
  readonly attention: Attention
  readonly seenMs: () => number
  readonly clock: Clock
}

/** Tells what becomes of a trouble besides steps: that it is held back, given up, over. Each once in a trouble. */
export class TroubleTeller {
  readonly #parts: TroubleTellerParts
  /** What was told of a subject in this trouble: `held`, `gave-up`. */
  readonly #told = new Map<string, string>()

  constructor(parts: TroubleTellerParts) {
    this.#parts = parts
  }

  /** Nothing holds it back any more: when something does again, that is told again. */
  goesOn(policy: PolicyDefinition, subject: string): void {
    this.#told.delete(`${policy.id} ${subject} held`)
  }

  /** The trouble is over: what was done for it is closed, and the card goes. */
  over(policy: PolicyDefinition, { subject, over }: Seen): void {
    const { attention, events, attempts } = this.#parts
    const acted = attempts.past(policy.id, subject).filter(({ over, counts }) => !over && counts).length
    for (const what of ['held', 'gave-up']) this.#told.delete(`${policy.id} ${subject} ${what}`)
    attempts.close(policy.id, subject).catch(() => {})
    let cause: Cause = {
      type: 'observation',
      what: over === 'dropped' ? 'not wanted any more' : `not any more: ${conditionInWords(policy.when)}`,
    }
    if (acted > 0 && over === 'well') {
      ;({ cause } = events.emit({
        kind: recoveryEvents.cured,
        subject,
        severity: 'info',
        message: `The trouble of ${subjectInWords(subject)} is over, after ${acted} step${acted === 1 ? '' : 's'} of ${policy.title}.`,
        cause,
        data: { policy: policy.id, steps: acted },
      }))
    }
    attention.clear(cardOf(policy.id, subject), cause)
  }

  /** Something keeps the console from acting; it is on record as an attempt that does not count. */
  held(policy: PolicyDefinition, { subject, evidence }: Seen, step: number, why: string): void {
    const key = `${policy.id} ${subject} held`
    if (this.#told.get(key) === why) return
    this.#told.set(key, why)
    const { events, clock, seenMs, attempts } = this.#parts
    const what = policy.steps[step]
    const sentence = `Held back by ${why}.`
    const event = events.emit({
      kind: recoveryEvents.heldBack,
      subject,
      severity: 'warning',
      message: `Recovery of ${subjectInWords(subject)} (${policy.title}) is held back by ${why}. ${evidence}`,
      cause: { type: 'observation', what: evidence },
      data: { policy: policy.id, step, by: why },
    })
    const attempt = {
      id: newId('rc'),
      policy: policy.id,
      subject,
      step,
      action: what?.action ?? 'restart',
      why: evidence,
      at: clock.wall(),
      seen: seenMs(),
      manual: false,
    } as const
    attempts
      .begin(attempt)
      .then(() => attempts.end(attempt, { seen: seenMs(), ms: 0, result: 'held', sentence, event: event.id }))
      .catch(() => {})
  }

  /** All steps were tried, or as many as a day has: a person is called. */
  gaveUp(
    policy: PolicyDefinition,
    { subject, evidence }: Seen,
    decision: Extract<Decision, { do: 'give-up' }>,
    definition: SiteDefinition | null,
  ): void {
    const key = `${policy.id} ${subject} gave-up`
    if (decision.state === 'idle' || this.#told.get(key) === decision.state) return
    this.#told.set(key, decision.state)
    const { events, attention } = this.#parts
    const tried = this.tried(policy, subject)
    const { cause } = events.emit({
      kind: recoveryEvents.gaveUp,
      subject,
      severity: 'error',
      message: `Recovery has given up on ${subjectInWords(subject)} (${policy.title}) ${decision.state === 'used-up' ? 'for today' : 'for now'}. ${tried}`,
      cause: { type: 'observation', what: evidence },
      data: { policy: policy.id, why: decision.state, until: decision.until },
    })
    raiseCall(attention, definition, { policy, subject, why: evidence }, tried, cause)
  }

  /** What was tried in this trouble, one sentence. */
  tried(policy: PolicyDefinition, subject: string): string {
    const past = this.#parts.attempts.past(policy.id, subject).filter(({ over, counts }) => !over && counts)
    if (past.length === 0) return 'Nothing could be tried.'
    const words = [...new Set(past.map(({ step }) => policy.steps[step]))].flatMap((step) =>
      step ? [stepInWords(step)] : [],
    )
    return `Tried ${past.length === 1 ? 'once' : `${past.length} times`}: ${words.join(', ')}.`
  }
}
