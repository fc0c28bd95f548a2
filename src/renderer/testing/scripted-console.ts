import { type Connection, connectionLost } from '#shared/client/index.ts'
import {
  type ShownMessage,
  type SiteView,
  type SliceName,
  type StateBatch,
  type SubscriptionItem,
  subscriptionSchemas,
  type Topic,
} from '#shared/contract/index.ts'
import type { ConsoleError, Problem } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { Shown } from '../state/shown-state.ts'
import { scriptedCalls } from './scripted-calls.ts'
import { type EventSource, listed, matches, ScriptedLog } from './scripted-log.ts'

/** A stream that the page has open. */
export interface OpenStream {
  readonly topic: Topic
  readonly params: unknown
  send(items: readonly unknown[], skipped?: number): void
}

/**
 * A console that exists only in the page under test: it answers what it is told to, and remembers what it was asked. It stands
 * in for the whole of the core, which has its own tests; what is real here is the renderer.
 */
export class ScriptedConsole {
  readonly asked: { readonly call: string; readonly input: unknown }[] = []
  /** What was asked of the event log, which screens do by themselves. */
  readonly read: { readonly call: string; readonly input: unknown }[] = []
  slices: Shown
  readonly log: ScriptedLog
  #revision = 1
  #epoch = 'epoch-1'
  #end: ((reason: string) => void) | null = null
  /** While set, nobody gets in, with this problem. */
  refusing: ConsoleError | null = null
  /** While set, every stream that is opened ends at once with this problem. */
  ending: Problem | null = null
  /** While set, every call that would start a job is refused with this problem. */
  refusingJobs: Problem | null = null
  /** While true, nothing answers a new connection. */
  away = false
  /** While set, what is asked of the event log is answered so many milliseconds later, with an index so many events behind, or not. */
  logs: { readonly delay?: number; readonly behind?: number; readonly failing?: boolean } = {}
  /** While true, no preview is answered. */
  previewHangs = false
  /** While true, nobody is told why. */
  whyHangs = false
  /** While set, whoever asks why is told this problem. */
  refusingWhy: ConsoleError | null = null
  /** While true, `console.info` is not answered: the process is there and does nothing. */
  hanging = false
  readonly #streams = new Set<OpenStream>()

  constructor(slices: Shown, events: EventSource = listed([])) {
    this.slices = slices
    this.log = new ScriptedLog(events)
  }

  connect(): Promise<Connection> {
    if (this.refusing) return Promise.reject(this.refusing)
    if (this.away) return Promise.reject(connectionLost('the console is away'))
    let end: (reason: string) => void = () => {}
    const closed = new Promise<string>((resolve) => {
      end = resolve
    })
    this.#end = end
    return Promise.resolve({
      server: { version: '0.1.0', epoch: this.#epoch },
      calls: scriptedCalls(this),
      closed,
      close: () => this.drop('closed by the page'),
      subscribe: (topic, params, onBatch, onEnd) => {
        const ending = this.ending
        if (!ending) return this.#open(topic, params, onBatch)
        queueMicrotask(() => onEnd?.(ending))
        return { [Symbol.dispose]: () => {} }
      },
    })
  }

  /** The connection is lost. */
  drop(reason: string): void {
    this.#streams.clear()
    this.#end?.(reason)
    this.#end = null
  }

  /** The open site. */
  site(): SiteView {
    const { site } = this.slices.site
    if (!site) throw new Error('No site is open.')
    return site
  }

  /** Changes entities, as a revision of the state; `null` deletes. `lost`: the page never gets this one. */
  change<S extends SliceName>(
    name: S,
    entities: Readonly<Record<string, Shown[S][string] | null>>,
    lost = false,
  ): void {
    const base = this.#revision++
    const next: Record<string, unknown> = { ...this.slices[name], ...entities }
    for (const [id, entity] of Object.entries(entities)) if (entity === null) delete next[id]
    this.slices = { ...this.slices, [name]: next }
    if (lost) return
    const batch: StateBatch = {
      epoch: this.#epoch,
      revision: this.#revision,
      base,
      whole: false,
      slices: { [name]: entities },
    }
    this.#send('state', [batch])
  }

  /** Something happened: the next sequence is given to it. `unheard`: no stream tells it. */
  happen(draft: Omit<EventRecord, 'seq' | 'id'>, unheard = false): EventRecord {
    const seq = this.log.length + 1
    const event: EventRecord = { ...draft, seq, id: `ev-${seq}` }
    this.log.add(event)
    if (unheard) return event
    for (const stream of [...this.#streams]) {
      const filter = subscriptionSchemas['events.tail'].params.safeParse(stream.params)
      if (stream.topic === 'events.tail' && filter.success && matches(event, filter.data)) stream.send([event])
    }
    return event
  }

  /** Messages pass. */
  pass(messages: readonly ShownMessage[], skipped = 0): void {
    this.#send('messages.tap', messages, skipped)
  }

  /** The streams that the page has open, with their parameters. */
  get streams(): readonly { readonly topic: Topic; readonly params: unknown }[] {
    return [...this.#streams].map(({ topic, params }) => ({ topic, params }))
  }

  #send<T extends Topic>(topic: T, items: readonly SubscriptionItem<T>[], skipped = 0): void {
    for (const stream of [...this.#streams]) if (stream.topic === topic) stream.send(items, skipped)
  }

  #open<T extends Topic>(
    topic: T,
    params: unknown,
    onBatch: (batch: {
      readonly items: readonly SubscriptionItem<T>[]
      readonly skipped: number
    }) => void | Promise<void>,
  ): Disposable {
    const waiting: { items: readonly SubscriptionItem<T>[]; skipped: number }[] = []
    let free = true
    const next = async () => {
      const batch = waiting.shift()
      if (!batch || !free) return
      free = false
      await onBatch(batch)
      free = true
      void next()
    }
    const stream: OpenStream = {
      topic,
      params,
      send: (items, skipped = 0) => {
        // The scripts below send each topic its own items.
        waiting.push({ items: items as readonly SubscriptionItem<T>[], skipped })
        if (free) void next()
      },
    }
    this.#streams.add(stream)
    queueMicrotask(() => stream.send(this.#first(topic)))
    return { [Symbol.dispose]: () => this.#streams.delete(stream) }
  }

  #first(topic: Topic): readonly unknown[] {
    switch (topic) {
      case 'state':
        return [{ epoch: this.#epoch, revision: this.#revision, base: 0, whole: true, slices: this.slices }]
      case 'services.log':
        return Array.from({ length: 200 }, (_, index) => ({
          at: null,
          stream: index % 17 === 0 ? 'err' : 'out',
          text: `2026-01-05T08:${String(index % 60).padStart(2, '0')}:11Z GET /consultations/${index} 200 ${index % 9} ms`,
        }))
      case 'jobs.log':
        return ['Took restore point sn-rp2.', 'Staging 14 files.']
      case 'messages.tap':
      case 'events.tail':
        return []
    }
  }
}
