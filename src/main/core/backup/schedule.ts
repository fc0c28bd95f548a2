import { Cron } from 'croner'
import type { Clock } from '#core/platform/index.ts'

export type ScheduledKind = 'full' | 'data'

/** When the snapshots of one kind are taken, and when the last one was. */
export interface Timetable {
  /** Cron expression in `zone`. */
  readonly cron: string
  readonly zone: string
  /** Wall-clock milliseconds of the last snapshot of this kind, or from when on to count. */
  readonly since: number
}

/**
 * When the next one is due: the first date of the schedule after the last snapshot. One that lies in the past was missed
 * and is due now; several that were missed are made up for by one. Null when the expression never comes true. A date that falls
 * into the hour that is left out when clocks go forward comes when that is over; one in the hour that comes twice comes once.
 */
export function dueAt({ cron, zone, since }: Timetable): number | null {
  try {
    return new Cron(cron, { timezone: zone, paused: true }).nextRun(new Date(since))?.getTime() ?? null
  } catch {
    return null // site.yaml is checked where it is loaded.
  }
}

/** The next dates, at most `count`: first the one that is due, also when it was missed, then those that follow from `now` on. */
export function nextDates(timetable: Timetable, now: number, count: number): readonly number[] {
  const dates: number[] = []
  for (let since = timetable.since; dates.length < count; ) {
    const due = dueAt({ ...timetable, since })
    if (due === null) break
    dates.push(due)
    since = Math.max(due, now)
  }
  return dates
}

/**
 * From when on the dates of a kind count: the latest of its last snapshot, its last try in this run, and when it was first scheduled. A
 * moment that lies ahead was written by a clock that was wrong, and must not keep backups waiting for it.
 */
export function countedFrom(moments: readonly number[], scheduledSince: number, now: number): number {
  return Math.max(scheduledSince, ...moments.filter((at) => at <= now))
}

export interface ScheduleOptions {
  readonly clock: Clock
  timetable(kind: ScheduledKind): Timetable | null
  /** Why nothing is to be started now, as during maintenance; what is due then is made up for by one afterwards. */
  paused(): string | null
  /** Starts one; a rejection means "not now", and it is tried again at the next look. */
  run(kind: ScheduledKind): Promise<unknown>
  onError(error: unknown): void
  /** Told at each look when the next one is due: a site.yaml that came into use, or was changed, moves it. */
  onLook(nextAt: number | null): void
}

/** Looked at this often, so that a jump of the clock, a new site.yaml or a wake-up from sleep is noticed. */
const lookEveryMs = 20_000

/** Takes scheduled snapshots as long as it is not disposed. */
export class Schedule implements Disposable {
  readonly #options: ScheduleOptions
  #timer: Disposable | undefined
  #disposed = false

  constructor(options: ScheduleOptions) {
    this.#options = options
    this.#wait()
  }

  /** When the next snapshot of any kind is due; null when none is scheduled. */
  nextAt(): number | null {
    const due = (['full', 'data'] as const).flatMap((kind) => this.#due(kind) ?? [])
    return due.length > 0 ? Math.min(...due) : null
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
  }

  #wait(): void {
    if (this.#disposed) return
    this.#timer = this.#options.clock.after(lookEveryMs, () => void this.#look().finally(() => this.#wait()))
  }

  async #look(): Promise<void> {
    this.#options.onLook(this.nextAt())
    if (this.#options.paused() !== null) return
    // A full one holds the data as well, so it goes first and the data snapshot waits for its next date.
    for (const kind of ['full', 'data'] as const) {
      const due = this.#due(kind)
      if (due === null || due > this.#options.clock.wall()) continue
      try {
        await this.#options.run(kind)
      } catch (error) {
        this.#options.onError(error)
      }
      return
    }
  }

  #due(kind: ScheduledKind): number | null {
    const timetable = this.#options.timetable(kind)
    return timetable && dueAt(timetable)
  }
}
