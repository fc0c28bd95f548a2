import type { Clock, Exertion, ProcessIdentity } from '#core/platform/index.ts'

/** How long requests gather before the first of them is granted: services that become free to start at once ask within this. Milliseconds. */
const gatherMs = 3

/** How often it is looked whether a process that was just started still needs a processor, and how long that is asked at most. Milliseconds. */
const lookMs = 4
const longestMs = 500

/**
 * A process has loaded when this many looks in a row find it asleep and no further. One look does not tell: a program sleeps between two
 * pages of its file, and the kernel writes down what a process ran only every few milliseconds.
 */
const calmLooks = 3
const calmBelowMs = 1

/** The next one goes when a process has run for this share of what its loading took before: by the time the next has been made, the rest is done. */
const givenOnAt = 0.85

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

export interface LaunchTurnRequest {
  /** How long the start goes on behind it, milliseconds; the longest first, of equals who asked first. */
  readonly rank: number
  /** Processor time that its loading took at earlier starts, milliseconds; null when it was never measured. */
  readonly loadingMs: number | null
  /** Told once what its loading took, when that could be seen. */
  readonly onLoaded: (loadingMs: number) => void
}

interface Waiting extends LaunchTurnRequest {
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
  /** Those that hold a processor. */
  readonly #turns = new Set<Turn>()
  /** Those that are looked at, some of which gave their turn on already. */
  readonly #loading = new Set<Turn>()
  #gathering: Disposable | undefined
  #looking: Disposable | undefined

  constructor(parts: LaunchTurnsParts) {
    this.#parts = parts
  }

  /** Resolves when a process may be started. */
  take(request: LaunchTurnRequest): Promise<LaunchTurn> {
    return new Promise((grant) => {
      this.#waiting.push({ ...request, grant })
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
      const turn: Turn = new Turn(this.#parts, next, {
        givenOn: () => this.#givenOn(turn),
        over: () => this.#loading.delete(turn),
      })
      this.#turns.add(turn)
      this.#loading.add(turn)
      next.grant(turn)
    }
    this.#look()
  }

  #look(): void {
    this.#looking ??= this.#parts.clock.after(lookMs, () => {
      this.#looking = undefined
      for (const turn of this.#loading) turn.look()
      if (this.#loading.size > 0) this.#look()
    })
  }

  #givenOn(turn: Turn): void {
    this.#turns.delete(turn)
    if (this.#waiting.length > 0) this.#grant()
  }
}

class Turn implements LaunchTurn {
  readonly #parts: LaunchTurnsParts
  readonly #request: LaunchTurnRequest
  readonly #told: { readonly givenOn: () => void; readonly over: () => void }
  readonly #since: number
  #identity: ProcessIdentity | undefined
  #busyMs = 0
  #calmLooks = 0
  #held = true

  constructor(
    parts: LaunchTurnsParts,
    request: LaunchTurnRequest,
    told: { readonly givenOn: () => void; readonly over: () => void },
  ) {
    this.#parts = parts
    this.#request = request
    this.#told = told
    this.#since = parts.clock.monotonic()
  }

  began(identity: ProcessIdentity): void {
    this.#identity = identity
  }

  look(): void {
    const exertion = this.#identity && this.#parts.exertion(this.#identity)
    if (exertion === null || this.#parts.clock.monotonic() - this.#since >= longestMs) this.#end()
    else if (exertion !== undefined) this.#judge(exertion)
  }

  #judge({ ranMs, waitedMs, busy }: Exertion): void {
    const further = ranMs + waitedMs - this.#busyMs
    this.#busyMs = ranMs + waitedMs
    this.#calmLooks = busy || further >= calmBelowMs ? 0 : this.#calmLooks + 1
    const { loadingMs, onLoaded } = this.#request
    if (this.#calmLooks >= calmLooks) {
      onLoaded(ranMs)
      this.#end()
    } else if (loadingMs !== null && ranMs >= loadingMs * givenOnAt) this.#giveOn()
  }

  [Symbol.dispose](): void {
    if (this.#identity === undefined) this.#end()
  }

  #giveOn(): void {
    if (!this.#held) return
    this.#held = false
    this.#told.givenOn()
  }

  #end(): void {
    this.#told.over()
    this.#giveOn()
  }
}
