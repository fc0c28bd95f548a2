import type { EventFilter } from '#shared/event-filter.ts'
import type { Cause, EventRecord, Severity } from '#shared/vocabulary.ts'

export type { EventFilter }

/** An event before the writer has given it a sequence. */
export interface EventDraft {
  readonly kind: string
  readonly subject: string
  readonly severity: Severity
  readonly message: string
  readonly cause: Cause
  readonly operation?: string | null
  readonly data?: Record<string, unknown>
}

export interface EventQuery extends EventFilter {
  /** Only events before (older) or after (newer than) this sequence. */
  readonly before?: number | undefined
  readonly after?: number | undefined
  /** Newest first unless told; with `after` alone oldest first, so that pages go on from there. */
  readonly order?: 'newest' | 'oldest' | undefined
  readonly limit: number
}

export interface EventPage {
  readonly events: readonly EventRecord[]
  readonly more: boolean
  /** Where to go on, as `before` or `after`, while there is more; a search that took too long may have found nothing up to there. */
  readonly reached: number | null
}

/** How many events there are over time. Buckets of equal length, oldest first, those without an event left out. */
export interface EventSpan {
  readonly total: number
  /** First and last in order of sequence. Their times may be the other way round, when the clock was. */
  readonly oldest: { readonly seq: number; readonly at: number } | null
  readonly newest: { readonly seq: number; readonly at: number } | null
  readonly bucketMs: number
  readonly buckets: readonly EventBucket[]
  readonly indexedTo: number
  /** Null when everything is counted; else there was too much for the time, and older events than this one are not. */
  readonly countedFrom: number | null
}

export interface EventBucket {
  /** Wall-clock start. */
  readonly at: number
  readonly firstSeq: number
  readonly lastSeq: number
  /** One count per severity, least severe first. */
  readonly counts: readonly number[]
}

/** An event that could not be recorded. It is in the console's own log all the same. */
export interface UnrecordedEvent {
  readonly id: string
  readonly draft: EventDraft
  readonly error: unknown
}

export interface EventLog extends AsyncDisposable {
  /**
   * Records an event and returns at once with its id, usable as the cause of others.
   * While the store takes nothing (a full disk, a writer that died) events are held back, up to a bound, and recorded in order when it
   * does again; how many found no room is then said in an event `events.lost`. Never throws into the caller.
   */
  emit(draft: EventDraft): EventRef
  /**
   * Records an event and resolves once it is committed, with its sequence. For operator actions: it is never held back but rejects with
   * the store's reason.
   */
  record(draft: EventDraft): Promise<EventRecord>
  /** Events that are held back now, and how many were lost since the log was opened. */
  backlog(): { readonly held: number; readonly lost: number }
  /**
   * One page. What an index answers by itself is read on this thread; the rest beside it, for at most a second. Rejects with the
   * signal's reason, or as `Database.query` does.
   */
  page(query: EventQuery, signal?: AbortSignal): Promise<EventPage>
  /** Counts over time for what the filter lets through, in at most so many buckets. Rejects as {@link page} does. */
  span(filter: EventFilter, buckets: number, signal?: AbortSignal): Promise<EventSpan>
  byId(id: string): EventRecord | undefined
  /** The chain of causes, from the event itself up to its root. */
  causes(id: string): readonly EventRecord[]
  /** The events that name this one as their cause, oldest first: the first 1,000. */
  effects(id: string): readonly EventRecord[]
  /** How many there are. */
  countEffects(id: string): number
  /** Told after the commit, in order of sequence. */
  onCommitted(listener: (events: readonly EventRecord[]) => void): Disposable
  /** Told of every event that is not going to be recorded: it found no room, or the store refused it for good. */
  onFailure(listener: (unrecorded: UnrecordedEvent) => void): Disposable
  /**
   * Has the index of words and the counts made anew from the log, and records that with the reason. Damage of the index that a
   * search or the indexer meets does so by itself. Rejects as `Database.write` does. A second call joins the first.
   */
  reindex(why: string): Promise<void>
  /** Resolves when everything emitted so far is committed, is held back, or has failed. */
  settled(): Promise<void>
}

export interface EventRef {
  readonly id: string
  /** This event as the cause of another. */
  readonly cause: Cause
}
