import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import { lightOf } from './light.ts'
import { nextDate, periodOf } from './schedule.ts'
import { runsKept } from './tables.ts'

export interface RehearsalBoardParts {
  readonly state: StateHub
  readonly clock: Clock
  readonly timetable: () => { readonly cron: string; readonly zone: string } | null
  readonly since: () => number | null
}

/** Ended ones that are shown. */
const shown = 20

/** The rehearsals as they are shown, and the light that follows from them and from the snapshots. */
export class RehearsalBoard implements Disposable {
  readonly #parts: RehearsalBoardParts
  readonly #following: Disposable
  /** Newest first. */
  #runs: readonly RehearsalRun[] = []
  #waiting: string | null = null
  #closed = false

  constructor(parts: RehearsalBoardParts) {
    this.#parts = parts
    this.#following = parts.state.onRevision(({ slices }) => {
      if (slices.snapshots) this.show()
    })
  }

  /** Newest first. */
  runs(): readonly RehearsalRun[] {
    return this.#runs
  }

  take(runs: readonly RehearsalRun[]): void {
    this.#runs = runs
    this.show()
  }

  /** A run that is new, or has changed. */
  put(run: RehearsalRun): void {
    const known = this.#runs.some(({ id }) => id === run.id)
    this.#runs = known
      ? this.#runs.map((each) => (each.id === run.id ? run : each))
      : [run, ...this.#runs].slice(0, runsKept)
    this.show()
  }

  /** Why the one that is due has not begun; null: it has, or none is due. */
  wait(why: string | null): void {
    if (this.#waiting === why) return
    this.#waiting = why
    this.show()
  }

  show(): void {
    if (this.#closed) return
    const { state, clock, timetable, since } = this.#parts
    const now = clock.wall()
    const table = timetable()
    const from = since()
    const runs = this.#runs
    state.slice('rehearsals').set('rehearsals', {
      ...lightOf({
        runs,
        snapshots: Object.values(state.slice('snapshots').all()),
        periodMs: periodOf(table, now),
        now,
      }),
      runs: runs.filter((run) => run.state !== 'running').slice(0, shown),
      job: runs.find((run) => run.state === 'running')?.id ?? null,
      schedule: table?.cron ?? null,
      waiting: this.#waiting,
      nextAt: from === null ? null : nextDate(table, from),
      commandLine: 'wheelhouse backups rehearse',
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#following[Symbol.dispose]()
    this.#parts.state.slice('rehearsals').delete('rehearsals')
  }
}
