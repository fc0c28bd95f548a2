import { type SliceName, type Slices, sliceNames } from '#shared/contract/state.ts'
import { copyOf, isEqual } from './copy-of.ts'
import type { Slice, StateChange } from './types.ts'

/** The entities of one slice, and which of them changed since the last revision. */
export class SliceEntities<T> implements Slice<T> {
  readonly #entities = new Map<string, T>()
  readonly #changed = new Set<string>()
  readonly #onChanged: () => void

  constructor(onChanged: () => void) {
    this.#onChanged = onChanged
  }

  set(id: string, entity: T): void {
    if (isEqual(this.#entities.get(id), entity)) return
    // A copy, so that its maker may go on changing the one it has.
    this.#entities.set(id, copyOf(entity))
    this.#changed.add(id)
    this.#onChanged()
  }

  delete(id: string): void {
    if (!this.#entities.delete(id)) return
    this.#changed.add(id)
    this.#onChanged()
  }

  get(id: string): T | undefined {
    return this.#entities.get(id)
  }

  all(): Readonly<Record<string, T>> {
    return Object.fromEntries(this.#entities)
  }

  /** What changed since the last call: entities as they are now, `null` for those that are gone. Undefined for nothing. */
  takeChanges(): Readonly<Record<string, T | null>> | undefined {
    if (this.#changed.size === 0) return undefined
    const changes = Object.fromEntries([...this.#changed].map((id) => [id, this.#entities.get(id) ?? null]))
    this.#changed.clear()
    return changes
  }
}

/** One {@link SliceEntities} for every slice that somebody has asked for. */
export type AllSlices = { [S in SliceName]?: SliceEntities<Slices[S]> }

/** The slice of this name; made empty when it is asked for first. */
export function sliceOf<S extends SliceName>(
  slices: { [K in S]?: SliceEntities<Slices[K]> },
  name: S,
  onChanged: () => void,
): SliceEntities<Slices[S]> {
  const known = slices[name]
  if (known) return known
  const made = new SliceEntities<Slices[S]>(onChanged)
  slices[name] = made
  return made
}

type Take = <T>(slice: SliceEntities<T>) => Readonly<Record<string, T | null>> | undefined

/** What `take` gives for each slice, under its name; nothing for those that it gives nothing for. */
export function collect(slices: AllSlices, take: Take): StateChange {
  const taken: { -readonly [S in keyof StateChange]: StateChange[S] } = {}
  for (const name of sliceNames) takeFrom(slices, name, take, taken)
  return taken
}

function takeFrom<S extends SliceName>(
  slices: { readonly [K in S]?: SliceEntities<Slices[K]> },
  name: S,
  take: Take,
  into: { [K in S]?: Readonly<Record<string, Slices[K] | null>> },
): void {
  const slice = slices[name]
  const taken = slice && take(slice)
  if (taken) into[name] = taken
}
