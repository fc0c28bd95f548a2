import type { Attention } from '#core/attention/index.ts'
import type { ChosenSnapshot } from '#core/backup/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext } from '#core/jobs/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import { durationInWords } from '#shared/duration-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { RehearsalBoard } from './board.ts'
import { failedCard, notMadeCard, oldCard, rehearsalCards } from './cards.ts'
import { rehearsalEvents } from './event-kinds.ts'
import { isOverdue } from './light.ts'
import { periodOf } from './schedule.ts'

export interface ToldParts {
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly board: RehearsalBoard
}

/** Tells what a person should know of rehearsals: events as things happen, cards as long as they are so. */
export class RehearsalTold {
  readonly #parts: ToldParts

  constructor(parts: ToldParts) {
    this.#parts = parts
  }

  /** Resolves with the cause of all that comes of it. */
  started(run: RehearsalRun, { name }: ChosenSnapshot, job: JobContext): Cause {
    return this.#parts.events.emit({
      kind: rehearsalEvents.started,
      subject: `snapshot:${run.snapshot}`,
      severity: 'info',
      message: `${name.charAt(0).toUpperCase()}${name.slice(1)} is rehearsed: restored into a sandbox and started there.`,
      cause: job.cause,
      operation: job.operation,
      data: { snapshot: run.snapshot, code: run.code },
    }).cause
  }

  ended(run: RehearsalRun, cause: Cause, job: JobContext): void {
    const { events, attention } = this.#parts
    const { kind, severity } = kindOf(run)
    const { snapshot, verdict, restoreMs, startMs, healthyMs, totalMs, reasons, apart } = run
    const event = events.emit({
      kind,
      subject: `snapshot:${snapshot}`,
      severity,
      message: run.state === 'not made' ? `The rehearsal could not be made: ${run.sentence}` : run.sentence,
      cause,
      operation: job.operation,
      data: { snapshot, verdict, restoreMs, startMs, healthyMs, totalMs, apart, reasons: reasons.slice(0, 20) },
    })
    if (run.state === 'cancelled') return
    if (run.state === 'not made') {
      attention.raise(notMadeCard(run.sentence, event.cause))
      return
    }
    attention.clear(rehearsalCards.notMade, event.cause)
    if (verdict === 'failed') attention.raise(failedCard(snapshot, run.sentence, event.cause))
    else {
      attention.clear(rehearsalCards.failed, event.cause)
      attention.clear(rehearsalCards.old, event.cause)
    }
  }

  swept(folder: string, ended: number): void {
    const what =
      ended === 0 ? '' : ` ${ended === 1 ? 'One process' : `${ended} processes`} of it still ran and were ended.`
    this.#parts.events.emit({
      kind: rehearsalEvents.swept,
      subject: 'site',
      severity: ended === 0 ? 'notice' : 'warning',
      message: `The sandbox of a rehearsal that was cut off is removed.${what} The live site was not touched.`,
      cause: { type: 'console', why: 'the site was opened after an interruption' },
      data: { folder, ended },
    })
  }

  /** What follows from the time alone. `since`: from when on somebody could have rehearsed. */
  judge(timetable: { readonly cron: string; readonly zone: string } | null, since: number | null): void {
    const { attention, board, clock } = this.#parts
    const now = clock.wall()
    const cause: Cause = { type: 'observation', what: 'the time of the last rehearsal that succeeded' }
    const periodMs = periodOf(timetable, now)
    const overdue = since !== null && isOverdue({ runs: board.runs(), periodMs, now, since })
    if (!overdue || periodMs === null) {
      attention.clear(rehearsalCards.old, cause)
      return
    }
    const why = `No rehearsal has succeeded for longer than ${durationInWords(2 * periodMs)}, although one is scheduled every ${durationInWords(periodMs)}. Whether the backups can be brought up is not known.`
    attention.raise(oldCard(why, cause))
  }
}

function kindOf({ state, verdict }: RehearsalRun): {
  readonly kind: string
  readonly severity: 'info' | 'notice' | 'warning' | 'error'
} {
  if (state === 'cancelled') return { kind: rehearsalEvents.cancelled, severity: 'notice' }
  if (state === 'not made') return { kind: rehearsalEvents.notMade, severity: 'warning' }
  if (verdict === 'failed') return { kind: rehearsalEvents.failed, severity: 'error' }
  return { kind: rehearsalEvents.completed, severity: verdict === 'partly' ? 'notice' : 'info' }
}
