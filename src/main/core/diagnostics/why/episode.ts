import type { EventRecord } from '#shared/vocabulary.ts'
import { historyLength } from './facts.ts'

/** What has gone wrong with a service since it was last well. */
export interface Episode {
  /** The first event of the trouble; null when the history tells of none. */
  readonly began: EventRecord | null
  /** Every exit unasked, oldest first. */
  readonly exits: readonly EventRecord[]
  /** The newest event that says that it could not be started at all, unless it has run since. */
  readonly notLaunched: EventRecord | null
  /** The newest event that says that it was found stuck, unless it has been started again since. */
  readonly stuck: EventRecord | null
  /** False when the trouble is older than the events that were looked at. */
  readonly whole: boolean
}

/** A service that is well for so long has left its failures behind: the default of `restart.forgive`. Milliseconds. */
const calmMs = 10 * 60_000

const troubles: ReadonlySet<string> = new Set([
  'service.exited',
  'service.unhealthy',
  'service.degraded',
  'service.failed',
  'service.restarting',
  'service.waiting',
])

/**
 * Reads the trouble of a service out of its history, newest first. It began after the last deliberate stop or start, after the
 * service was taken up, or after it had been healthy for long; being healthy for a moment between two exits is part of it.
 */
export function episodeOf(history: readonly EventRecord[]): Episode {
  const events: EventRecord[] = []
  const own = new Set(history.map(({ id }) => id))
  let whole = history.length < historyLength
  for (const event of history) {
    const newer = events.at(-1)
    const lasted = newer !== undefined && newer.at - event.at >= calmMs
    const well = event.kind === 'service.healthy' || event.kind === 'service.completed'
    const over = event.kind === 'service.stopped' || event.kind === 'service.adopted'
    if (over || isBegun(event, own) || (well && (newer === undefined || lasted))) {
      whole = true
      break
    }
    events.push(event)
  }
  const trouble = events.toReversed()
  return {
    began: trouble.find((event) => isTrouble(event)) ?? null,
    exits: trouble.filter(({ kind }) => kind === 'service.exited'),
    notLaunched: newestBefore(events, (event) => notLaunchedReason(event) !== null, [
      'service.started',
      'service.exited',
    ]),
    stuck: newestBefore(events, (event) => stuckWords.test(event.message), [
      'service.started',
      'service.exited',
      'service.ready',
    ]),
    whole,
  }
}

const stuckWords = / (is stuck: |did not get there within )/

/** Why nothing was started, when an event says that; null otherwise. The reason may carry its remedy behind it. */
export function notLaunchedReason({ kind, message, cause }: EventRecord): string | null {
  if (kind === 'service.unhealthy') return /cannot start: (.*)$/s.exec(message)?.[1] ?? null
  // What cannot be mended by trying again fails at once, with the reason as its cause.
  if (kind === 'service.failed' && cause.type === 'observation') return cause.what
  return null
}

/** Started for a reason outside of its own history: by an operator, or because what it needs is there. */
function isBegun({ kind, severity, cause }: EventRecord, own: ReadonlySet<string>): boolean {
  const starts = kind === 'service.starting' || (kind === 'service.restarting' && severity === 'info')
  return starts && cause.type === 'event' && !own.has(cause.id)
}

/** Being restarted by an operator is not trouble; by the console it is. */
function isTrouble({ kind, severity }: EventRecord): boolean {
  return troubles.has(kind) && (kind !== 'service.restarting' || severity !== 'info')
}

/** The newest event that fits, unless one of `ends` came after it. `events`: newest first. */
function newestBefore(
  events: readonly EventRecord[],
  fits: (event: EventRecord) => boolean,
  ends: readonly string[],
): EventRecord | null {
  for (const event of events) {
    if (fits(event)) return event
    if (ends.includes(event.kind)) return null
  }
  return null
}
