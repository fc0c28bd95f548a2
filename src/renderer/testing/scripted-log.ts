import type { Connection } from '#shared/client/index.ts'
import { searchWords, textMatcher } from '#shared/event-text.ts'
import { type EventRecord, severities } from '#shared/vocabulary.ts'

type EventCalls = Connection['calls']['events']
type Filter = Omit<Parameters<EventCalls['span']>[0], 'buckets'>

/** What a filter looks at. Many events of a large log share one, so that a million of them are sifted in no time. */
export type Sketch = Pick<EventRecord, 'kind' | 'subject' | 'severity' | 'message' | 'operation'>

/** Events with the sequences 1 to `length`, made when they are asked for. */
export interface EventSource {
  readonly length: number
  readonly sketches: readonly Sketch[]
  sketchOf(seq: number): number
  atOf(seq: number): number
  event(seq: number): EventRecord
}

/** The event log of the scripted console: some events, or a source of very many, and what happens after them. */
export class ScriptedLog {
  readonly #source: EventSource
  readonly #later: EventRecord[] = []
  /** Counts by what was asked, while nothing new has happened. */
  readonly #counted = new Map<string, Awaited<ReturnType<EventCalls['span']>>>()

  constructor(source: EventSource) {
    this.#source = source
  }

  get length(): number {
    return this.#source.length + this.#later.length
  }

  add(event: EventRecord): void {
    this.#later.push(event)
    this.#counted.clear()
  }

  event(seq: number): EventRecord | undefined {
    if (seq < 1 || seq > this.length) return undefined
    return seq <= this.#source.length ? this.#source.event(seq) : this.#later[seq - this.#source.length - 1]
  }

  page({
    before,
    after,
    order,
    limit,
    ...filter
  }: Parameters<EventCalls['page']>[0]): Awaited<ReturnType<EventCalls['page']>> {
    const fits = this.#sieve(filter)
    const oldest = order ? order === 'oldest' : after !== undefined && before === undefined
    const low = (after ?? 0) + 1
    const high = Math.min(before ?? Number.POSITIVE_INFINITY, this.length + 1) - 1
    const events: EventRecord[] = []
    const step = oldest ? 1 : -1
    for (let seq = oldest ? low : high; seq >= low && seq <= high; seq += step) {
      if (!fits(seq)) continue
      if (events.length === limit) return { events, more: true, reached: events.at(-1)?.seq ?? null }
      const event = this.event(seq)
      if (event) events.push(event)
    }
    return { events, more: false, reached: null }
  }

  span(asked: Parameters<EventCalls['span']>[0]): Awaited<ReturnType<EventCalls['span']>> {
    const key = JSON.stringify(asked)
    const span = this.#counted.get(key) ?? this.#count(asked)
    this.#counted.set(key, span)
    return span
  }

  #count({ buckets: most, ...filter }: Parameters<EventCalls['span']>[0]): Awaited<ReturnType<EventCalls['span']>> {
    const fits = this.#sieve(filter)
    const buckets = new Map<number, { at: number; firstSeq: number; lastSeq: number; counts: number[] }>()
    const ends = [1, this.length].map((seq) => this.#atOf(seq))
    const from = Math.min(...ends)
    const bucketMs = Math.max(1_000, Math.ceil((Math.max(...ends) - from + 1) / most))
    let total = 0
    let first = 0
    let last = 0
    for (let seq = 1; seq <= this.length; seq++) {
      if (!fits(seq)) continue
      const index = Math.floor((this.#atOf(seq) - from) / bucketMs)
      let bucket = buckets.get(index)
      if (!bucket) {
        bucket = { at: from + index * bucketMs, firstSeq: seq, lastSeq: seq, counts: severities.map(() => 0) }
        buckets.set(index, bucket)
      }
      const rank = severities.indexOf(this.#sketch(seq).severity)
      bucket.lastSeq = seq
      bucket.counts[rank] = (bucket.counts[rank] ?? 0) + 1
      total++
      first ||= seq
      last = seq
    }
    const end = (seq: number) => (total === 0 ? null : { seq, at: this.#atOf(seq) })
    return {
      total,
      oldest: end(first),
      newest: end(last),
      bucketMs,
      buckets: [...buckets.values()].sort((a, b) => a.at - b.at),
      indexedTo: this.length,
      countedFrom: null,
    }
  }

  chain(id: string): Awaited<ReturnType<EventCalls['chain']>> {
    const own = this.event(seqOf(id))
    const causes: EventRecord[] = []
    for (let event = own; event && causes.length < 100; ) {
      causes.push(event)
      const { cause } = event
      event = cause.type === 'event' ? this.event(seqOf(cause.id)) : undefined
    }
    const effects: EventRecord[] = []
    // Effects come soon after their cause; far enough for the longest leap of the samples.
    for (let seq = (own?.seq ?? this.length) + 1; seq <= Math.min(this.length, (own?.seq ?? 0) + 2_000); seq++) {
      const event = this.event(seq)
      if (event?.cause.type === 'event' && event.cause.id === id) effects.push(event)
    }
    return { causes, effects, effectsTotal: effects.length }
  }

  #atOf(seq: number): number {
    return seq <= this.#source.length ? this.#source.atOf(seq) : (this.event(seq)?.at ?? 0)
  }

  #sketch(seq: number): Sketch {
    const sketch =
      seq <= this.#source.length
        ? this.#source.sketches[this.#source.sketchOf(seq)]
        : this.#later[seq - 1 - this.#source.length]
    if (!sketch) throw new Error(`There is no event ${seq}.`)
    return sketch
  }

  #sieve(filter: Filter): (seq: number) => boolean {
    if (Object.values(filter).every((value) => value === undefined)) return () => true
    const fitting = this.#source.sketches.map((sketch) => matches(sketch, filter))
    return (seq) =>
      seq <= this.#source.length ? fitting[this.#source.sketchOf(seq)] === true : matches(this.#sketch(seq), filter)
  }
}

/** These events, whose sequences count up from 1. */
export function listed(events: readonly EventRecord[]): EventSource {
  const event = (seq: number): EventRecord => {
    const found = events[seq - 1]
    if (!found) throw new Error(`There is no event ${seq}.`)
    return found
  }
  return { length: events.length, sketches: events, sketchOf: (seq) => seq - 1, atOf: (seq) => event(seq).at, event }
}

/** Whether an event passes a filter, as the console decides it. */
export function matches(event: Sketch, filter: Filter): boolean {
  return (
    (filter.subject === undefined || event.subject === filter.subject) &&
    (filter.kind === undefined || event.kind.startsWith(filter.kind)) &&
    (filter.operation === undefined || event.operation === filter.operation) &&
    (filter.atLeast === undefined || severities.indexOf(event.severity) >= severities.indexOf(filter.atLeast)) &&
    textMatcher(searchWords(filter.text ?? ''))(event)
  )
}

function seqOf(id: string): number {
  return Number(/^ev-(\d+)$/.exec(id)?.[1] ?? 0)
}
