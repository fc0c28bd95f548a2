import { toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import {
  around,
  covers,
  type EventPage,
  type EventWindow,
  emptyWindow,
  withLive,
  withNewer,
  withNewest,
  withOlder,
} from './event-window.ts'

/** How many events a page holds. */
const pageSize = 200
/** After a lost connection at most so many events are read to close the gap; of a larger one only the newest are shown. */
const catchUpSize = 1_000

/** Asks for a page of the events that the filter lets through. */
export type AskPage = (query: {
  readonly before?: number
  readonly after?: number
  readonly order?: 'newest' | 'oldest'
  readonly limit: number
}) => Promise<EventPage>

/** Where the list is to be. A new object each time it is to go there. */
export interface Place {
  readonly seq: number
  readonly align: 'start' | 'centre'
}

/** What the screen shows of the log. */
export interface TimelineView {
  readonly window: EventWindow
  readonly state: 'loading' | 'ready' | 'failed'
  /** Why the last thing that was asked for did not come. */
  readonly problem: Problem | null
  readonly loading: 'older' | 'newer' | 'elsewhere' | null
  /** New events go onto the list as they come. */
  readonly following: boolean
  /** How many came since the list stopped following. */
  readonly fresh: number
  readonly place: Place | null
}

/**
 * Reads the log in both directions and follows it. Keys are sequences and a window has no hole, so nothing is doubled or missing:
 * not as new events come while a page is read, not over a lost connection, not after the stream had to skip.
 */
export class TimelineReader {
  readonly #ask: AskPage
  readonly #listeners = new Set<() => void>()
  #view: TimelineView = {
    window: emptyWindow,
    state: 'loading',
    problem: null,
    loading: null,
    following: true,
    fresh: 0,
    place: null,
  }
  /** Whether a stream has begun that has not told anything yet: what happened just before it is then read from the store. */
  #unsure = true
  /** What came while the gap before it is being read. */
  #held: { readonly events: EventRecord[] } | null = null
  #wanted: Place | null = null
  /** The newest that was told of, whether it is on the list or not. */
  #told = 0

  constructor(ask: AskPage) {
    this.#ask = ask
  }

  get view(): TimelineView {
    return this.#view
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A stream of new events has begun, the first or one after a lost connection. */
  begin(): void {
    this.#unsure = true
    const { state, following, window } = this.#view
    if (state !== 'ready' || following) void this.#catchUp([])
    else this.#show({ window: beyond(window) })
  }

  /** New events, in order of sequence; `skipped` came before them and are only in the store. */
  live(events: readonly EventRecord[], skipped: number): void {
    if (events.length === 0 && skipped === 0) return
    const { window, following, fresh, state } = this.#view
    this.#told = Math.max(this.#told, events.at(-1)?.seq ?? 0)
    if (state === 'ready' && !following) {
      const newest = window.events[0]?.seq ?? 0
      const more = events.filter((event) => event.seq > newest).length + skipped
      if (more > 0) this.#show({ window: beyond(window), fresh: fresh + more })
    } else if (this.#held && skipped === 0) this.#held.events.push(...events)
    else if (this.#unsure || skipped > 0) {
      this.#unsure = false
      void this.#catchUp(events)
    } else this.#show({ window: withLive(window, events) })
  }

  /** Goes on following at the newest event. */
  now(): void {
    this.#wanted = null
    this.#show({ following: true, fresh: 0, place: null })
    void this.#catchUp([])
  }

  /** The reader has gone elsewhere: what is read stays where it is. */
  hold(): void {
    if (this.#view.following && this.#view.state === 'ready') this.#show({ following: false })
  }

  /** Reads on before the oldest. */
  older(): Promise<void> {
    const { window, loading } = this.#view
    const from = window.olderFrom
    if (from === null || loading !== null) return Promise.resolve()
    return this.#read('older', async () => {
      const page = await this.#ask({ before: from, limit: pageSize })
      return (now) => (now.olderFrom === from ? { window: withOlder(now, page) } : {})
    })
  }

  /** Reads on after the newest. */
  newer(): Promise<void> {
    const { window, loading } = this.#view
    const from = window.newerFrom
    if (from === null || loading !== null) return Promise.resolve()
    return this.#read('newer', async () => {
      const page = await this.#ask({ after: from, order: 'oldest', limit: pageSize })
      return (now) => {
        if (now.newerFrom !== from) return {}
        const next = withNewer(now, page)
        // What was told of while the page was read may not be on it.
        return { window: this.#told > (next.events[0]?.seq ?? 0) ? beyond(next) : next }
      }
    })
  }

  /** Goes to a place in the log, loaded or not. Asked for faster than it can be read, the last one counts. */
  async jump(seq: number, align: Place['align'] = 'start'): Promise<void> {
    const reading = this.#wanted !== null
    if (covers(this.#view.window, seq)) {
      this.#wanted = null
      this.#show({ following: false, place: { seq, align } })
      return
    }
    this.#wanted = { seq, align }
    if (reading) return
    for (let place: Place | null = this.#wanted; place; place = this.#wanted) {
      const going: Place = place
      await this.#read('elsewhere', async () => {
        const [older, newer] = await Promise.all([
          this.#ask({ before: going.seq + 1, limit: pageSize }),
          this.#ask({ after: going.seq, order: 'oldest', limit: pageSize }),
        ])
        return () =>
          this.#wanted ? { window: around(older, newer), following: false, place: going, state: 'ready' } : {}
      })
      if (this.#wanted === going) this.#wanted = null
    }
  }

  /** Tries again what failed. */
  again(): void {
    this.#show({ problem: null, ...(this.#view.state !== 'ready' && { state: 'loading' }) })
    void this.#catchUp([])
  }

  /** Reads what lies between the list and the newest event; `events` came already. */
  async #catchUp(events: readonly EventRecord[]): Promise<void> {
    const held = { events: [...(this.#held?.events ?? []), ...events] }
    this.#held = held
    let seam = false
    await this.#read(this.#view.state === 'ready' ? null : 'elsewhere', async () => {
      const newest = this.#view.window.events[0]
      const next = newest && (await this.#ask({ after: newest.seq, order: 'oldest', limit: catchUpSize }))
      const page = next && !next.more ? null : await this.#ask({ limit: pageSize })
      return (now) => {
        // A later one has taken over, or the list went elsewhere meanwhile.
        if (this.#held !== held || now.events[0] !== newest) return {}
        const read = page ? withNewest(now, page) : next ? withNewer(now, next) : now
        seam = this.#unsure && held.events.length > 0
        const window = seam ? read : withLive(read, held.events)
        return { window, state: 'ready', fresh: 0 }
      }
    })
    if (this.#held !== held) return
    this.#held = null
    // The stream told something while the page was read: what happened between the two is in the store by now.
    if (!seam) return
    this.#unsure = false
    await this.#catchUp(held.events)
  }

  async #read(
    what: TimelineView['loading'],
    ask: () => Promise<(window: EventWindow) => Partial<TimelineView>>,
  ): Promise<void> {
    if (what !== null) this.#show({ loading: what })
    const done = what === null ? {} : { loading: null }
    try {
      const change = await ask()
      this.#show({ problem: null, ...change(this.#view.window), ...done })
    } catch (error) {
      const state = this.#view.state === 'ready' ? 'ready' : 'failed'
      this.#show({ problem: toConsoleError(error).problem, state, ...done })
    }
  }

  #show(change: Partial<TimelineView>): void {
    this.#view = { ...this.#view, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/** The same run, when the log is known to go on after it. */
function beyond(window: EventWindow): EventWindow {
  return window.newerFrom === null ? { ...window, newerFrom: window.events[0]?.seq ?? 0 } : window
}
