import type { DeviceFigure } from '#core/config/index.ts'
import type { DeviceFacts, FigureFacts, HeardState } from './device-facts.ts'

/** Values of a figure that are kept, and the least time between two of them. */
const mostValues = 60
const spacingMs = 5_000

/** Over which time the rate is told. */
const rateMs = 60_000

/** A value that came back within its limit counts as back when it is so much of the limit beyond it: it must not flicker. */
const backBy = 0.05

interface Measured {
  value: FigureFacts['value']
  at: number
  out: FigureFacts['out']
  readonly history: { at: number; value: number }[]
}

/** One device as it was heard. All times are of the monotonic clock. */
export class HeardDevice {
  readonly key: string
  readonly family: string
  /** Whether anything was heard of it in this run. */
  heard = false
  /** From when its silence counts. */
  lastHeard: number
  #state: HeardState = 'never'
  #reason = 'nothing has come from it yet'
  #since: number
  #lastAt: number | null = null
  #messages = 0
  #rate = 0
  #overdue = false
  #topic = ''
  readonly #figures = new Map<string, Measured>()

  constructor(key: string, family: string, now: number) {
    this.key = key
    this.family = family
    this.#since = now
    this.lastHeard = now
  }

  /** Whether it is expected to speak. */
  get maySilence(): boolean {
    return this.#state === 'online' || (this.#state === 'never' && !this.#overdue)
  }

  /** It did not speak in time. One that never spoke stays so, and is overdue. */
  miss(reason: string, now: number): void {
    if (this.#state === 'never') {
      this.#overdue = true
      this.#reason = reason
    } else this.become('silent', reason, now)
  }

  /** Takes over what an earlier run knew. A time in the future, by a clock that was put back, counts as now. */
  restore(facts: DeviceFacts, now: number, offset: number): void {
    const then = (wall: number) => Math.min(now, wall - offset)
    this.#state = facts.state
    this.#reason = facts.reason
    this.#since = then(facts.since)
    this.#lastAt = facts.lastAt === null ? null : then(facts.lastAt)
    this.#messages = facts.messages
    this.#overdue = facts.overdue
    this.#topic = facts.topic
    for (const { name, value, at, out } of facts.figures) {
      this.#figures.set(name, { value, at: then(at), out, history: [] })
    }
  }

  /** It spoke; `isWill`: somebody else did, in its name. */
  hear(topic: string, now: number, isWill: boolean): void {
    this.heard = true
    this.#topic = topic
    if (isWill) return
    const since = this.#lastAt === null ? Number.POSITIVE_INFINITY : now - this.#lastAt
    this.#rate = this.#rate * Math.exp(-since / rateMs) + 1
    this.#messages++
    this.#lastAt = now
    this.lastHeard = now
  }

  become(state: HeardState, reason: string, now: number): void {
    this.heard = true
    if (this.#state === state) return
    this.#state = state
    this.#reason = reason
    this.#since = now
  }

  measure({ name, below, above }: DeviceFigure, value: FigureFacts['value'], now: number): void {
    const known = this.#figures.get(name) ?? { value, at: now, out: null, history: [] }
    this.#figures.set(name, known)
    known.value = value
    known.at = now
    known.out = typeof value === 'number' ? beyond(value, below, above, known.out) : null
    const last = known.history.at(-1)
    if (typeof value !== 'number' || (last && now - last.at < spacingMs)) return
    known.history.push({ at: now, value })
    if (known.history.length > mostValues) known.history.shift()
  }

  /** `offset`: what a time of the monotonic clock lacks of the wall clock. */
  facts(offset: number): DeviceFacts {
    const wall = (at: number) => Math.round(at + offset)
    return {
      key: this.key,
      family: this.family,
      state: this.#state,
      since: wall(this.#since),
      lastAt: this.#lastAt === null ? null : wall(this.#lastAt),
      reason: this.#reason,
      overdue: this.#overdue && this.#state === 'never',
      messages: this.#messages,
      perMinute: Math.round(this.#rate * 10) / 10,
      topic: this.#topic,
      figures: [...this.#figures].map(([name, { value, at, out }]) => ({ name, value, at: wall(at), out })),
    }
  }

  history(offset: number): Readonly<Record<string, readonly { readonly at: number; readonly value: number }[]>> {
    const entries = [...this.#figures].map(([name, { history }]) => [
      name,
      history.map(({ at, value }) => ({ at: Math.round(at + offset), value })),
    ])
    return Object.fromEntries(entries)
  }
}

function beyond(
  value: number,
  below: number | null,
  above: number | null,
  was: FigureFacts['out'],
): FigureFacts['out'] {
  const margin = (limit: number) => Math.abs(limit) * backBy
  if (below !== null && value < below + (was === 'below' ? margin(below) : 0)) return 'below'
  return above !== null && value > above - (was === 'above' ? margin(above) : 0) ? 'above' : null
}
