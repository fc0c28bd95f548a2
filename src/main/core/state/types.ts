import type { SliceName, Slices } from '#shared/contract/state.ts'

/** One slice of the shown state: entities by id. Setting an equal entity changes nothing. */
export interface Slice<T> {
  set(id: string, entity: T): void
  delete(id: string): void
  get(id: string): T | undefined
  all(): Readonly<Record<string, T>>
}

/** A change of whole entities; `null` deletes. */
export type StateChange = { readonly [S in SliceName]?: Readonly<Record<string, Slices[S] | null>> }

/**
 * What every screen shows: slices of one state with an epoch (this run of the console) and a revision. Changes are coalesced
 * to at most ten revisions a second.
 */
export interface StateHub extends Disposable {
  readonly epoch: string
  readonly revision: number
  slice<S extends SliceName>(name: S): Slice<Slices[S]>
  whole(): { readonly epoch: string; readonly revision: number; readonly slices: StateChange }
  /** Told once per revision with what changed since the one before. */
  onRevision(listener: (change: { readonly revision: number; readonly slices: StateChange }) => void): Disposable
}
