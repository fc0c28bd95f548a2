import type { PolicyDefinition } from '#core/config/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Finding } from './facts.ts'

/** What is seen of one policy and one subject now. */
export interface Seen {
  readonly subject: string
  /** Since when the condition holds without a break, in time that the console has seen pass; null while it does not. */
  readonly since: number | null
  /** Whether the trouble is over: `well`, surely so; `dropped`, it is not wanted or not there any more; null, neither. */
  readonly over: 'well' | 'dropped' | null
  readonly evidence: string
  /** The event that it follows from, if it follows from one. */
  readonly event: string | null
}

/** An event is acted on for at most so long. Milliseconds. */
const eventLastsMs = 3_600_000
/** Subjects of one kind of event that are remembered at once. */
const mostSubjects = 50

/**
 * How long it must be well before the trouble counts as over: a service that ends a moment after each start is not cured, and the
 * next step follows instead of the first one again. Milliseconds.
 */
function settleMs({ forMs }: PolicyDefinition): number {
  return Math.min(300_000, Math.max(10_000, forMs))
}

/** Remembers since when conditions hold, and the events that policies wait for. */
export class Watch {
  readonly #since = new Map<string, number>()
  /** Since when the opposite is sure. */
  readonly #well = new Map<string, number>()
  /** Subjects that were wanted since the console started: only of these it says something that they are not any more. */
  readonly #wanted = new Set<string>()
  /** Per policy: the newest event of each subject. */
  readonly #events = new Map<string, Map<string, { readonly at: number; readonly event: EventRecord }>>()

  /** Takes what was found now and tells what is seen, also of subjects whose trouble is `open` and that are not found any more. */
  see(policy: PolicyDefinition, found: readonly Finding[], open: readonly string[], now: number): readonly Seen[] {
    if (policy.when.kind === 'event') return this.#eventsOf(policy, open, now)
    const seen = found.map(({ subject, holds, otherwise, evidence }): Seen => {
      const key = `${policy.id} ${subject}`
      if (otherwise !== 'idle') this.#wanted.add(key)
      if (holds || otherwise !== 'well') this.#well.delete(key)
      else if (!this.#well.has(key)) this.#well.set(key, now)
      const settled = now - (this.#well.get(key) ?? now) >= settleMs(policy)
      const over = settled ? 'well' : otherwise === 'idle' && this.#wanted.has(key) ? 'dropped' : null
      if (!holds) this.#since.delete(key)
      else if (!this.#since.has(key)) this.#since.set(key, now)
      return { subject, since: this.#since.get(key) ?? null, over, evidence, event: null }
    })
    const gone = open.filter((subject) => !found.some((each) => each.subject === subject))
    return [...seen, ...gone.map((subject) => this.#gone(policy, subject))]
  }

  /** Remembers an event that a policy acts on. */
  happened(policy: PolicyDefinition, event: EventRecord, now: number): void {
    const known = this.#events.get(policy.id) ?? new Map()
    this.#events.set(policy.id, known)
    // What the event is about keeps its first time while it is not dealt with.
    known.set(event.subject, { at: known.get(event.subject)?.at ?? now, event })
    for (const subject of [...known.keys()].slice(0, -mostSubjects)) known.delete(subject)
  }

  /** What an event was about has been dealt with. */
  settled(policy: string, subject: string): void {
    this.#events.get(policy)?.delete(subject)
  }

  /** A policy does not watch any more. */
  forget(policy: string): void {
    this.#events.delete(policy)
    for (const key of this.#well.keys()) if (key.startsWith(`${policy} `)) this.#well.delete(key)
    for (const key of this.#since.keys()) if (key.startsWith(`${policy} `)) this.#since.delete(key)
  }

  #gone(policy: PolicyDefinition, subject: string): Seen {
    this.#since.delete(`${policy.id} ${subject}`)
    return { subject, since: null, over: 'dropped', evidence: 'It is not there any more.', event: null }
  }

  #eventsOf(policy: PolicyDefinition, open: readonly string[], now: number): readonly Seen[] {
    const known = this.#events.get(policy.id)
    for (const [subject, { at }] of known ?? []) if (now - at >= eventLastsMs) known?.delete(subject)
    const seen = [...(known ?? [])].map(
      ([subject, { at, event }]): Seen => ({
        subject,
        since: at,
        over: null,
        evidence: event.message,
        event: event.id,
      }),
    )
    const settled = open.filter((subject) => !known?.has(subject))
    return [...seen, ...settled.map((subject) => this.#gone(policy, subject))]
  }
}
