import type { Cause, EventRecord, Severity } from '#shared/vocabulary.ts'

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

export interface EventQuery {
  /**
   * Only events before (older) or after (newer than) this sequence. Pages are newest first, except with `after` alone: then
   * they go on from there, oldest first.
   */
  readonly before?: number | undefined
  readonly after?: number | undefined
  readonly subject?: string | undefined
  /** Prefix of the kind: `service.` or `backup.completed`. */
  readonly kind?: string | undefined
  readonly atLeast?: Severity | undefined
  readonly operation?: string | undefined
  /** Words that the message must contain. */
  readonly text?: string | undefined
  readonly limit: number
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
   * A failed write is told to {@link onFailure} and never throws into the caller.
   */
  emit(draft: EventDraft): EventRef
  /** Records an event and resolves once it is committed, with its sequence. For operator actions. */
  record(draft: EventDraft): Promise<EventRecord>
  page(query: EventQuery): { readonly events: readonly EventRecord[]; readonly more: boolean }
  byId(id: string): EventRecord | undefined
  /** The chain of causes, from the event itself up to its root. */
  causes(id: string): readonly EventRecord[]
  /** The events that name this one as their cause, oldest first. */
  effects(id: string): readonly EventRecord[]
  /** Told after the commit, in order of sequence. */
  onCommitted(listener: (events: readonly EventRecord[]) => void): Disposable
  /** Told of every event that could not be recorded: the store is full, its disk is, or its writer has ended. */
  onFailure(listener: (unrecorded: UnrecordedEvent) => void): Disposable
  /** Resolves when everything emitted so far is committed, or has failed. */
  settled(): Promise<void>
}

export interface EventRef {
  readonly id: string
  /** This event as the cause of another. */
  readonly cause: Cause
}
