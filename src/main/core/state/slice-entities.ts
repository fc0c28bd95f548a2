import { isDeepStrictEqual } from 'node:util'
import type { SliceName, Slices } from '#shared/contract/state.ts'
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
    if (isDeepStrictEqual(this.#entities.get(id), entity)) return
    // A copy, so that its maker may go on changing the one it has.
    this.#entities.set(id, structuredClone(entity))
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

/** One {@link SliceEntities} for every slice. */
export type AllSlices = { readonly [S in SliceName]: SliceEntities<Slices[S]> }

export function emptySlices(onChanged: () => void): AllSlices {
  return {
    console: new SliceEntities(onChanged),
    site: new SliceEntities(onChanged),
    services: new SliceEntities(onChanged),
    pushed: new SliceEntities(onChanged),
    jobs: new SliceEntities(onChanged),
    attention: new SliceEntities(onChanged),
    machine: new SliceEntities(onChanged),
    traffic: new SliceEntities(onChanged),
    routes: new SliceEntities(onChanged),
    store: new SliceEntities(onChanged),
    databases: new SliceEntities(onChanged),
    dependencies: new SliceEntities(onChanged),
    backups: new SliceEntities(onChanged),
    snapshots: new SliceEntities(onChanged),
    maintenance: new SliceEntities(onChanged),
    startPath: new SliceEntities(onChanged),
    verification: new SliceEntities(onChanged),
    drills: new SliceEntities(onChanged),
    recovery: new SliceEntities(onChanged),
  }
}

type Take = <T>(slice: SliceEntities<T>) => Readonly<Record<string, T | null>> | undefined

/** What `take` gives for each slice, under its name. Written out because each slice has its own type. */
export function collect(slices: AllSlices, take: Take): StateChange {
  const taken = {
    console: take(slices.console),
    site: take(slices.site),
    services: take(slices.services),
    pushed: take(slices.pushed),
    jobs: take(slices.jobs),
    attention: take(slices.attention),
    machine: take(slices.machine),
    traffic: take(slices.traffic),
    routes: take(slices.routes),
    store: take(slices.store),
    databases: take(slices.databases),
    dependencies: take(slices.dependencies),
    backups: take(slices.backups),
    snapshots: take(slices.snapshots),
    maintenance: take(slices.maintenance),
    startPath: take(slices.startPath),
    verification: take(slices.verification),
    drills: take(slices.drills),
    recovery: take(slices.recovery),
  } satisfies Record<SliceName, unknown>
  return {
    ...(taken.console && { console: taken.console }),
    ...(taken.site && { site: taken.site }),
    ...(taken.services && { services: taken.services }),
    ...(taken.pushed && { pushed: taken.pushed }),
    ...(taken.jobs && { jobs: taken.jobs }),
    ...(taken.attention && { attention: taken.attention }),
    ...(taken.machine && { machine: taken.machine }),
    ...(taken.traffic && { traffic: taken.traffic }),
    ...(taken.routes && { routes: taken.routes }),
    ...(taken.store && { store: taken.store }),
    ...(taken.databases && { databases: taken.databases }),
    ...(taken.dependencies && { dependencies: taken.dependencies }),
    ...(taken.backups && { backups: taken.backups }),
    ...(taken.snapshots && { snapshots: taken.snapshots }),
    ...(taken.maintenance && { maintenance: taken.maintenance }),
    ...(taken.startPath && { startPath: taken.startPath }),
    ...(taken.verification && { verification: taken.verification }),
    ...(taken.drills && { drills: taken.drills }),
    ...(taken.recovery && { recovery: taken.recovery }),
  }
}
