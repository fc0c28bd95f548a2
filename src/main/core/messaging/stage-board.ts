import type { Clock } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { RouteStagesView } from '#shared/contract/state.ts'
import type { RouteStages } from './protocol.ts'

/** What is shown of the last minute is counted from the newest of these marks that is a minute old, so it may be ten seconds more. */
const minuteMs = 60_000
const markEveryMs = 10_000

/** The counters as they were at some moment, monotonic milliseconds. */
interface MarkedCounts {
  readonly at: number
  readonly counts: RouteStages | null
}

interface Shown {
  counts: RouteStages
  /** Oldest first; the first one is what the minute is counted from. At most eight. */
  readonly marks: MarkedCounts[]
}

/** The stages of the routes as they are shown: since when they count, and the last minute of them. */
export class StageBoard {
  readonly #slice: Slice<RouteStagesView>
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #shown = new Map<string, Shown>()

  constructor(slice: Slice<RouteStagesView>, clock: Pick<Clock, 'monotonic'>) {
    this.#slice = slice
    this.#clock = clock
  }

  /** Only these routes are there. */
  define(routes: readonly { readonly id: string }[]): void {
    const wanted = new Set(routes.map(({ id }) => id))
    for (const id of [...this.#shown.keys()].filter((known) => !wanted.has(known))) {
      this.#shown.delete(id)
      this.#slice.delete(id)
    }
  }

  /** Takes counters that changed. Those of a route that was loaded anew begin anew, and with them its minute. */
  report(changed: readonly RouteStages[]): void {
    const now = this.#clock.monotonic()
    for (const counts of changed) {
      const known = this.#shown.get(counts.route)
      const isSame = known !== undefined && known.counts.since === counts.since
      const shown = isSame ? known : { counts, marks: [{ at: now, counts: null }] }
      shown.counts = counts
      this.#shown.set(counts.route, shown)
      mark(shown, now)
      this.#show(shown)
    }
  }

  /** The minute goes on, also for routes in which nothing moves; called a few times a second. */
  turn(): void {
    const now = this.#clock.monotonic()
    for (const shown of this.#shown.values()) if (mark(shown, now)) this.#show(shown)
  }

  #show({ counts, marks }: Shown): void {
    this.#slice.set(counts.route, viewOf(counts, marks[0]?.counts ?? null))
  }
}

/** Sets a mark when the last one is old enough, forgets what lies before the minute. True when the minute is another now. */
function mark({ counts, marks }: Shown, now: number): boolean {
  const last = marks.at(-1)
  if (last && now - last.at >= markEveryMs) marks.push({ at: now, counts })
  let moved = false
  while (marks[1] && now - marks[1].at >= minuteMs) {
    moved = marks.shift()?.counts !== marks[0]?.counts || moved
  }
  return moved
}

function viewOf({ route, since, stages }: RouteStages, before: RouteStages | null): RouteStagesView {
  return {
    id: route,
    since,
    stages: stages.map((stage, index) => {
      const past = before?.stages[index]
      const { in: entered, ended, failed, waiting } = stage
      return {
        ...stage,
        out: entered - ended - failed - waiting,
        minute: {
          in: entered - (past?.in ?? 0),
          ended: ended - (past?.ended ?? 0),
          failed: failed - (past?.failed ?? 0),
        },
      }
    }),
  }
}
