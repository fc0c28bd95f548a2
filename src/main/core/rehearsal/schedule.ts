import { Cron } from 'croner'
import type { Clock } from '#core/platform/index.ts'

export interface RehearsalScheduleParts {
  readonly clock: Clock
  /** Cron expression and zone; null: none is scheduled. */
  readonly timetable: () => { readonly cron: string; readonly zone: string } | null
  /** Wall-clock milliseconds from which the next date counts: the last one that was tried, or the first snapshot. Null: nothing to rehearse. */
  readonly since: () => number | null
  /** Begins it; a rejection means "not now", and it is tried again at the next look. */
  readonly run: () => Promise<unknown>
  readonly onRefused: (error: unknown) => void
  /** Told at each look: what the time alone changes. */
  readonly onLook: () => void
}

/** Looked at this often, the first time when the site has had time to come up. Milliseconds. */
const lookEveryMs = 20_000
const firstLookMs = 120_000

/** Begins rehearsals at their dates as long as it is not disposed. One that was missed is made up for, several by one. */
export class RehearsalSchedule implements Disposable {
  readonly #parts: RehearsalScheduleParts
  #timer: Disposable
  #disposed = false

  constructor(parts: RehearsalScheduleParts) {
    this.#parts = parts
    this.#timer = parts.clock.after(firstLookMs, () => this.#tick())
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer[Symbol.dispose]()
  }

  #tick(): void {
    void this.#look().finally(() => {
      if (!this.#disposed) this.#timer = this.#parts.clock.after(lookEveryMs, () => this.#tick())
    })
  }

  async #look(): Promise<void> {
    const { clock, timetable, since, run, onRefused, onLook } = this.#parts
    onLook()
    const from = since()
    const due = from === null ? null : nextDate(timetable(), from)
    if (due === null || due > clock.wall()) return
    try {
      await run()
    } catch (error) {
      onRefused(error)
    }
  }
}

/** The first date after a moment; null when none is scheduled. */
export function nextDate(
  timetable: { readonly cron: string; readonly zone: string } | null,
  since: number,
): number | null {
  if (!timetable) return null
  try {
    return (
      new Cron(timetable.cron, { timezone: timetable.zone, paused: true }).nextRun(new Date(since))?.getTime() ?? null
    )
  } catch {
    return null // site.yaml is checked where it is loaded
  }
}

/** Milliseconds between two dates of a schedule, the longest of the next few; null when none is scheduled. */
export function periodOf(
  timetable: { readonly cron: string; readonly zone: string } | null,
  now: number,
): number | null {
  if (!timetable) return null
  try {
    const dates = new Cron(timetable.cron, { timezone: timetable.zone, paused: true }).nextRuns(8, new Date(now))
    const gaps = dates.slice(1).map((date, at) => date.getTime() - (dates[at]?.getTime() ?? 0))
    return gaps.length === 0 ? null : Math.max(...gaps)
  } catch {
    return null
  }
}
