import { type Clock, Listeners, type Logger, newId } from '#core/platform/index.ts'
import type { SliceName, Slices } from '#shared/contract/state.ts'
import { type AllSlices, collect, sliceOf } from './slice-entities.ts'
import type { Slice, StateChange, StateHub } from './types.ts'

export interface StateHubOptions {
  readonly clock: Clock
  readonly logger: Logger
}

/** At most ten revisions a second. */
const leastMsBetweenRevisions = 100
/** After a quiet time the first change waits only for those that are made in the same breath. */
const promptlyMs = 10

/** Opens the shown state: empty, with a new epoch. */
export function openStateHub({ clock, logger }: StateHubOptions): StateHub {
  return new Hub(clock, logger)
}

class Hub implements StateHub {
  readonly epoch = newId('ep')
  readonly #clock: Clock
  readonly #slices: AllSlices = {}
  readonly #listeners: Listeners<{ readonly revision: number; readonly slices: StateChange }>
  #revision = 0
  #lastAt = Number.NEGATIVE_INFINITY
  #timer: Disposable | undefined
  #disposed = false

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#listeners = new Listeners((error) => logger.error('A listener of the state failed.', { error }))
  }

  get revision(): number {
    return this.#revision
  }

  slice<S extends SliceName>(name: S): Slice<Slices[S]> {
    return sliceOf(this.#slices, name, () => this.#schedule())
  }

  /**
   * Everything as it is now, with the last revision. It may hold changes that the next revision tells again; as entities are
   * set and deleted whole, hearing of them twice changes nothing.
   */
  whole(): { readonly epoch: string; readonly revision: number; readonly slices: StateChange } {
    const slices = collect(this.#slices, (slice) => slice.all())
    return { epoch: this.epoch, revision: this.#revision, slices }
  }

  onRevision(listener: (change: { readonly revision: number; readonly slices: StateChange }) => void): Disposable {
    return this.#listeners.add(listener)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#listeners.clear()
  }

  #schedule(): void {
    if (this.#timer || this.#disposed) return
    const quietFor = this.#clock.monotonic() - this.#lastAt
    this.#timer = this.#clock.after(Math.max(promptlyMs, leastMsBetweenRevisions - quietFor), () => this.#tell())
  }

  #tell(): void {
    this.#timer = undefined
    const slices = collect(this.#slices, (slice) => slice.takeChanges())
    this.#revision++
    this.#lastAt = this.#clock.monotonic()
    this.#listeners.tell({ revision: this.#revision, slices })
  }
}
