import {
  eachSlice,
  type ShownSlices,
  type SliceName,
  type Slices,
  type StateBatch,
  sliceNames,
} from '#shared/contract/index.ts'
import type { ConsoleLink } from './console-link.ts'

/** All slices as this page knows them. */
export type Shown = ShownSlices

const nothing = eachSlice(() => ({}))

/**
 * The state that every screen shows, kept from the `state` stream. A slice keeps its identity until something in it changes,
 * and an entity until it changes, so that a reader is only told of what it reads.
 */
export class ShownState implements Disposable {
  #shown: Shown = nothing
  #epoch: string | null = null
  #revision = -1
  #known = false
  readonly #listeners = new Map<SliceName, Set<() => void>>()
  #stream: (Disposable & { restart(): void }) | null = null

  /** Follows the state over `link` from now on. A gap, or another run of the console, asks for the whole again. */
  follow(link: ConsoleLink): void {
    this.#stream?.[Symbol.dispose]()
    this.#stream = link.follow(
      'state',
      {},
      {
        onBegin: () => {
          this.#revision = -1
        },
        onBatch: ({ items }) => {
          for (const batch of items) {
            // A stream that has just begun brings the whole first; what comes before it is not worth asking again for.
            if (!this.apply(batch) && this.#revision !== -1) {
              this.#stream?.restart()
              return
            }
          }
        },
      },
    )
  }

  /** Takes one batch. False when it does not continue what is known: a revision was missed. */
  apply(batch: StateBatch): boolean {
    if (!batch.whole && (batch.epoch !== this.#epoch || batch.base !== this.#revision)) return false
    const next: { -readonly [S in SliceName]: Shown[S] } = { ...this.#shown }
    const changed: SliceName[] = []
    for (const name of sliceNames) {
      if (takeSlice(next, name, batch)) changed.push(name)
    }
    this.#shown = next
    this.#epoch = batch.epoch
    this.#revision = batch.revision
    const first = !this.#known
    this.#known = true
    for (const name of first ? sliceNames : changed) {
      for (const listener of this.#listeners.get(name) ?? []) listener()
    }
    return true
  }

  /** Whether a whole state ever came: before that, empty means "not known yet". */
  get known(): boolean {
    return this.#known
  }

  slice<S extends SliceName>(name: S): Shown[S] {
    return this.#shown[name]
  }

  onSlice(name: SliceName, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  [Symbol.dispose](): void {
    this.#stream?.[Symbol.dispose]()
    this.#listeners.clear()
  }
}

/** Puts one slice of a batch into `into`; true when anything in it changed. */
function takeSlice<S extends SliceName>(
  into: { [K in S]: Readonly<Record<string, Slices[K]>> },
  name: S,
  batch: StateBatch,
): boolean {
  const change = batch.slices[name]
  if (!change && !batch.whole) return false
  const before = into[name]
  const after: Record<string, Slices[S]> = batch.whole ? {} : { ...before }
  for (const [id, entity] of Object.entries<Slices[S] | null>(change ?? {})) {
    if (entity === null) delete after[id]
    else after[id] = entity
  }
  if (batch.whole && Object.keys(before).length === 0 && Object.keys(after).length === 0) return false
  into[name] = after
  return true
}
