import type { Clock, Exertion, ProcessIdentity } from '#core/platform/index.ts'

/** How long requests gather before the first of them is granted: services that become free to start at once ask within this. Milliseconds. */
const gatherMs = 3

/** How often it is looked whether a process that was just started still needs a processor, and how long that is asked at most. Milliseconds. */
const lookMs = 4
const longestMs = 500

/** A process that ran or waited for a processor for less than this share of the time between two looks has got over its loading. */
const calmBelow = 0.3

export interface LaunchTurnsParts {
  readonly processors: number
  /** The machine's own clock: what is waited for is what the machine does. */
  readonly clock: Clock
  /** What a process has had of the processors; null when it is gone or that cannot be told. */
  readonly exertion: (identity: ProcessIdentity) => Exertion | null
}

/** Leave to start one process. To be disposed when nothing was started. */
export interface LaunchTurn extends Disposable {
  /** The process is there: the turn lasts until it has loaded. */
  began(identity: ProcessIdentity): void
}

interface Waiting {
  readonly rank: number
  readonly grant: (turn: LaunchTurn) => void
}

/**
 * Lets processes start in the order that makes the whole start shortest, no more at a time than there are processors: those that have the
 * longest way behind them go first. Loading a program takes a processor for itself; when fifty load side by side, each is ready as late
 * as all of them, and what waits for the longest one waits that much longer. (List scheduling by critical path: R. L. Graham, "Bounds on
 * multiprocessing timing anomalies", 1969.)
 */
export class LaunchTurns implements Disposable {
  readonly #parts: LaunchTurnsParts
  readonly #waiting: Waiting[] = []
  readonly #turns = new Set<Turn>()
  #gathering: Disposable | undefined
  #looking: Disposable | undefined

  constructor(parts: LaunchTurnsParts) {
    this.#parts = parts
  }

  /** Resolves when a process may be started. `rank`: how long the start goes on behind it, milliseconds; the longest first, of equals who asked first. */
  take(rank: number): Promise<LaunchTurn> {
    return new Promise((grant) => {
      this.#waiting.push({ rank, grant })
      this.#gathering ??= this.#parts.clock.after(gatherMs, () => {
        this.#gathering = undefined
        this.#grant()
      })
    })
  }

  /** Lets everybody go who waits. */
  [Symbol.dispose](): void {
    this.#gathering?.[Symbol.dispose]()
    this.#looking?.[Symbol.dispose]()
    for (const { grant } of this.#waiting.splice(0)) grant({ began: () => {}, [Symbol.dispose]: () => {} })
  }

  #grant(): void {
    while (this.#turns.size < Math.max(1, this.#parts.processors)) {
      const next = this.#waiting.reduce<Waiting | undefined>(
        (best, one) => (best && best.rank >= one.rank ? best : one),
        undefined,
      )
      if (!next) return
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      const turn = new Turn(this.#parts, () => this.#over(turn))
      this.#turns.add(turn)
      next.grant(turn)
    }
    this.#look()
  }

  #look(): void {
    this.#looking ??= this.#parts.clock.after(lookMs, () => {
      this.#looking = undefined
      for (const turn of this.#turns) turn.look()
      if (this.#turns.size > 0 && this.#waiting.length > 0) this.#look()
    })
  }

  #over(turn: Turn): void {
    this.#turns.delete(turn)
    if (this.#waiting.length > 0) this.#grant()
  }
}

class Turn implements LaunchTurn {
  readonly #parts: LaunchTurnsParts
  readonly #over: () => void
  readonly #since: number
  #identity: ProcessIdentity | undefined
  #before: { readonly at: number; readonly busyMs: number } | undefined

  constructor(parts: LaunchTurnsParts, over: () => void) {
    this.#parts = parts
    this.#over = over
    this.#since = parts.clock.monotonic()
  }

  began(identity: ProcessIdentity): void {
    this.#identity = identity
    this.look()
  }

  look(): void {
    const now = this.#parts.clock.monotonic()
    if (now - this.#since >= longestMs) {
      this.#over()
      return
    }
    if (this.#identity === undefined) return
    const exertion = this.#parts.exertion(this.#identity)
    if (exertion === null) {
      this.#over()
      return
    }
    const busyMs = exertion.ranMs + exertion.waitedMs
    const before = this.#before
    this.#before = { at: now, busyMs }
    if (before !== undefined && now > before.at && (busyMs - before.busyMs) / (now - before.at) < calmBelow)
      this.#over()
  }

  [Symbol.dispose](): void {
    if (this.#identity === undefined) this.#over()
  }
}
