import type { Clock } from '#core/platform/index.ts'
import type { FromDataPlane } from './protocol.ts'
import type { Router } from './router.ts'

/** How often counters go to the console. */
const roundMs = 250

/** Every so manieth round tells of the stages of routes: once a second. */
const stagesEvery = 4

/** Routes told of at once, and how many parts a round has at most. */
const partRoutes = 25
const mostParts = 40

/** The routes that are told of next, when (monotonic milliseconds), and how long after it come those behind them. */
interface Part {
  readonly from: number
  readonly size: number
  readonly every: number
  readonly due: number
  readonly withStages: boolean
}

export interface ReportsParts {
  readonly router: Pick<Router, 'size' | 'report' | 'reportRoutes'>
  readonly clock: Pick<Clock, 'after' | 'monotonic'>
  readonly send: (message: Extract<FromDataPlane, { type: 'report' | 'routes' }>) => void
  /** Called once in each round, for what else is told in it. */
  readonly turn: () => void
}

/**
 * Tells the console the counters, four times a second. The totals and the first twenty-five routes go at once, further routes in parts spread
 * over the round: a thousand of them in one piece would hold up both threads for milliseconds.
 */
export class Reports implements Disposable {
  readonly #parts: ReportsParts
  #rounds = 0
  #round: Disposable
  #part: Disposable | undefined

  constructor(parts: ReportsParts) {
    this.#parts = parts
    this.#round = parts.clock.after(roundMs, () => this.#begin())
  }

  /** Everything that changed, now. */
  whole(): void {
    const { router } = this.#parts
    this.#tell(0, router.size, true)
    this.#close()
  }

  [Symbol.dispose](): void {
    this.#round[Symbol.dispose]()
    this.#part?.[Symbol.dispose]()
  }

  #begin(): void {
    const { router, clock } = this.#parts
    this.#round = clock.after(roundMs, () => this.#begin())
    // A thread that is late with its parts goes on with them: the last routes are told of as often as the first.
    if (this.#part) {
      this.#close()
      return
    }
    const withStages = this.#rounds++ % stagesEvery === 0
    const size = Math.max(partRoutes, Math.ceil(router.size / mostParts))
    const every = roundMs / (Math.ceil(router.size / size) + 1)
    this.#tell(0, size, withStages)
    // After the first routes, so that whoever has seen a total of a small site has seen its routes.
    this.#close()
    this.#goOn({ from: size, size, every, due: clock.monotonic() + every, withStages })
  }

  #goOn(part: Part): void {
    const { router, clock } = this.#parts
    this.#part = undefined
    const { from, size, every, due, withStages } = part
    if (from >= router.size) return
    this.#part = clock.after(Math.max(0, due - clock.monotonic()), () => {
      this.#tell(from, from + size, withStages)
      this.#goOn({ ...part, from: from + size, due: due + every })
    })
  }

  #tell(from: number, to: number, withStages: boolean): void {
    const report = this.#parts.router.reportRoutes(from, to, withStages)
    if (report.routes.length > 0 || report.stages.length > 0) this.#parts.send({ type: 'routes', report })
  }

  #close(): void {
    this.#parts.send({ type: 'report', report: this.#parts.router.report() })
    this.#parts.turn()
  }
}
