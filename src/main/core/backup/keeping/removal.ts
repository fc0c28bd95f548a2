import type { Snapshot } from '../repository/snapshot-file.ts'

type Removable = Pick<Snapshot, 'id' | 'kind' | 'partial' | 'verified' | 'pinned'>

/** The newest snapshot of a kind that is whole and was read back: what the site can surely go back to. `snapshots` oldest first. */
export function lastVerified<S extends Removable>(snapshots: readonly S[], kind: Snapshot['kind']): S | undefined {
  return snapshots.findLast((each) => each.kind === kind && !each.partial && each.verified?.ok === true)
}

/** Why a snapshot may not be deleted by hand, as a sentence; null when it may. */
export function removalRefusal(snapshot: Removable, snapshots: readonly Removable[]): string | null {
  if (snapshot.kind !== 'restore-point' && lastVerified(snapshots, snapshot.kind)?.id === snapshot.id)
    return `${snapshot.id} is the newest verified ${snapshot.kind} snapshot: without it there would be nothing that is known to be good.`
  if (snapshot.pinned) return `${snapshot.id} is pinned. Unpin it first.`
  return null
}
