import type { Clock, Logger } from '#core/platform/index.ts'
import type { DatabaseName } from './types.ts'

export interface StandInWatchParts {
  readonly standsIn: (database: DatabaseName) => boolean
  readonly mayComeBack: (database: DatabaseName) => Promise<boolean>
  readonly comeBack: (database: DatabaseName) => Promise<boolean>
  readonly clock: Clock
  readonly logger: Logger
}

const names = ['control', 'messages'] as const
/** How often a database that a stand-in takes the place of is looked at. Milliseconds. */
const everyMs = 10_000
/** Going back makes whoever writes wait: after one attempt the next comes later, each time twice as late. Milliseconds. */
const pauseMs = { first: 20_000, most: 10 * 60_000 } as const

/** Looks at databases that only could not be opened, and goes back to them when they can be. */
export class StandInWatch implements Disposable {
  readonly #parts: StandInWatchParts
  readonly #pauses = new Map<DatabaseName, { readonly untilMs: number; readonly nextMs: number }>()
  #timer: Disposable | undefined
  #disposed = false

  constructor(parts: StandInWatchParts) {
    this.#parts = parts
  }

  begin(): void {
    if (this.#disposed) return
    this.#timer = this.#parts.clock.after(everyMs, () => void this.#look().finally(() => this.begin()))
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { standsIn, mayComeBack, comeBack, clock, logger } = this.#parts
    for (const name of names) {
      const pause = this.#pauses.get(name)
      if (this.#disposed || !standsIn(name) || clock.monotonic() < (pause?.untilMs ?? 0)) continue
      try {
        if (!(await mayComeBack(name))) continue
        const nextMs = pause?.nextMs ?? pauseMs.first
        this.#pauses.set(name, { untilMs: clock.monotonic() + nextMs, nextMs: Math.min(nextMs * 2, pauseMs.most) })
        await comeBack(name)
      } catch (error) {
        logger.warn(`The ${name} database could not take the place of its stand-in.`, { error: String(error) })
      }
    }
  }
}
