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
  /** Only events before (older) or after (newer than) this sequence. Pages are newest first with `before`. */
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

export interface EventLog {
  /**
   * Records an event and returns at once with its id, usable as the cause of others. Severity `warning` and up is durable.
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
  /** Resolves when everything emitted so far is committed. */
  settled(): Promise<void>
}

export interface EventRef {
  readonly id: string
  /** This event as the cause of another. */
  readonly cause: Cause
}
