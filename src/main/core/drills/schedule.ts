import { Cron } from 'croner'
import type { Clock } from '#core/platform/index.ts'
import type { Drill } from './drill-list.ts'

export interface ScheduleParts {
  readonly clock: Clock
  readonly zone: () => string
  readonly drills: () => readonly Drill[]
  /** Does it; a rejection means "not now". */
  readonly run: (drill: Drill) => Promise<unknown>
  /** Its date passed while it could not be done; with why. */
  readonly skipped: (drill: Drill, why: string) => void
}

/** Looked at this often. Milliseconds. */
const lookEveryMs = 20_000
/** A drill that cannot be done at its date is tried for so long. Milliseconds. */
const patienceMs = 3_600_000

/**
 * Does drills at their dates as long as it is not disposed. A date that passed while the console was not there, or that a clock
 * jumped over by more than an hour, is not made up for: a failure on purpose comes when it is expected, or not at all.
 */
export class DrillSchedule implements Disposable {
  readonly #parts: ScheduleParts
  /** Wall-clock time from which the next date of each is counted, with the schedule that it was counted for. */
  readonly #since = new Map<string, { readonly schedule: string; readonly at: number }>()
  #timer: Disposable
  #disposed = false

  constructor(parts: ScheduleParts) {
    this.#parts = parts
    this.#timer = parts.clock.after(lookEveryMs, () => this.#tick())
  }

  /** When a drill is due next; null when it has no schedule. */
  nextAt({ id, schedule }: Drill): number | null {
    if (schedule === null) return null
    const known = this.#since.get(id)
    const now = this.#parts.clock.wall()
    // A clock that was set back makes what was counted from a date of the future.
    const since = known?.schedule === schedule && known.at <= now ? known.at : now
    this.#since.set(id, { schedule, at: since })
    try {
      const next = new Cron(schedule, { timezone: this.#parts.zone(), paused: true }).nextRun(new Date(since))
      return next?.getTime() ?? null
    } catch {
      return null // site.yaml is checked where it is loaded
    }
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
    const { clock, drills, run, skipped } = this.#parts
    for (const drill of drills()) {
      const due = this.nextAt(drill)
      const now = clock.wall()
      if (this.#disposed || due === null || due > now || drill.schedule === null) continue
      try {
        if (now - due > patienceMs) throw new Error('its date passed more than an hour ago')
        await run(drill)
      } catch (error) {
        if (now - due < patienceMs - lookEveryMs) continue // at the next look
        skipped(drill, error instanceof Error ? error.message : String(error))
      }
      this.#since.set(drill.id, { schedule: drill.schedule, at: clock.wall() })
    }
  }
}
