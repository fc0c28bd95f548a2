import type { Statement } from '#core/store/index.ts'
import { causeSchema, type EventRecord, severities } from '#shared/vocabulary.ts'

/** A row of the table `events`. */
export interface EventRow {
  readonly seq: number
  readonly id: string
  readonly at: number
  readonly kind: string
  readonly subject: string
  readonly severity: number
  readonly message: string
  readonly cause: string
  readonly operation: string | null
  readonly data: string
}

/** What of a row a search by words looks at. */
export type SearchedRow = Pick<EventRow, 'message' | 'subject' | 'kind'>

export const eventColumns =
  'events.seq, id, at, events.kind, events.subject, severity, events.message, cause, operation, data'

/** The part of a kind before its dot: `service` of `service.exited`. */
export function areaOf(kind: string): string {
  const dot = kind.indexOf('.')
  return dot === -1 ? kind : kind.slice(0, dot)
}

/** Adds an event. Adding it again, because it was unknown what had become of it, changes nothing. */
export function insertOf(event: Omit<EventRecord, 'seq'>): Statement {
  return {
    sql: `INSERT INTO events (id, at, kind, area, subject, severity, message, cause, cause_event, operation, data)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    values: [
      event.id,
      event.at,
      event.kind,
      areaOf(event.kind),
      event.subject,
      severities.indexOf(event.severity),
      event.message,
      JSON.stringify(event.cause),
      event.cause.type === 'event' ? event.cause.id : null,
      event.operation,
      JSON.stringify(event.data),
    ],
  }
}

export function recordOf(row: EventRow): EventRecord {
  const { seq, id, at, kind, subject, message, operation } = row
  const cause = causeSchema.safeParse(parsed(row.cause))
  return {
    seq,
    id,
    at,
    kind,
    subject,
    severity: severities[row.severity] ?? 'info',
    message,
    // A newer console may have known causes that this one does not.
    cause: cause.success ? cause.data : { type: 'observation', what: row.cause },
    operation,
    data: objectOf(parsed(row.data)),
  }
}

/** Facts as they can be stored: what JSON cannot say is left out rather than the whole event. */
export function storable(data: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(data)) {
    if (isPlain(value)) {
      kept[key] = value
      continue
    }
    const text = jsonOf(value)
    if (text !== undefined) kept[key] = JSON.parse(text)
  }
  return kept
}

/** What JSON gives back as it is. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isSafeInteger(value)
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    return JSON.stringify(`cannot be stored: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
