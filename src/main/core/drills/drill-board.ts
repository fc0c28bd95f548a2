import type { Slice } from '#core/state/index.ts'
import type { DrillRun, DrillView } from '#shared/contract/drills.ts'
import type { Drill } from './drill-list.ts'
import { commandLineOf } from './drill-words.ts'

/** So many runs are kept, and so many of a drill are its trend. */
const kept = 100
const trendOf = 20

/** The drills as they are shown, with what came of them. */
export class DrillBoard implements Disposable {
  readonly #slice: Slice<DrillView>
  readonly #nextAt: (drill: Drill) => number | null
  /** Newest first. */
  #runs: readonly DrillRun[] = []
  #closed = false

  constructor(slice: Slice<DrillView>, nextAt: (drill: Drill) => number | null) {
    this.#slice = slice
    this.#nextAt = nextAt
  }

  /** Newest first. */
  runs(drill?: string): readonly DrillRun[] {
    return drill === undefined ? this.#runs : this.#runs.filter((run) => run.drill === drill)
  }

  take(runs: readonly DrillRun[]): void {
    this.#runs = runs
  }

  /** A run that is new, or has changed. */
  put(run: DrillRun): void {
    const known = this.#runs.some(({ id }) => id === run.id)
    this.#runs = known
      ? this.#runs.map((each) => (each.id === run.id ? run : each))
      : [run, ...this.#runs].slice(0, kept)
  }

  show(drills: readonly Drill[]): void {
    if (this.#closed) return
    for (const id of Object.keys(this.#slice.all())) {
      if (!drills.some((drill) => drill.id === id)) this.#slice.delete(id)
    }
    for (const drill of drills) this.#slice.set(drill.id, this.#viewOf(drill))
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const id of Object.keys(this.#slice.all())) this.#slice.delete(id)
  }

  #viewOf(drill: Drill): DrillView {
    const runs = this.runs(drill.id)
    const completed = runs.filter(({ state }) => state === 'completed')
    const running = runs.find(({ state }) => state === 'running')
    return {
      ...drill,
      nextAt: this.#nextAt(drill),
      job: running?.id ?? null,
      last: runs.find(({ state }) => state !== 'running') ?? null,
      trend: completed
        .slice(0, trendOf)
        .flatMap(({ recoverMs }) => recoverMs ?? [])
        .reverse(),
      commandLine: commandLineOf(drill.id),
    }
  }
}
