import { timeIn } from '#core/platform/index.ts'
import type { SnapshotView } from '#shared/contract/index.ts'
import type { Snapshot } from './repository/snapshot-file.ts'

/** A snapshot as it is shown. */
export function snapshotView(snapshot: Snapshot): SnapshotView {
  const { verified } = snapshot
  return {
    id: snapshot.id,
    at: snapshot.at,
    kind: snapshot.kind,
    note: snapshot.note,
    files: snapshot.files,
    bytes: snapshot.bytes,
    added: snapshot.added,
    durationMs: snapshot.durationMs,
    databases: snapshot.databases.length,
    verified: verified && { at: verified.at, ok: verified.ok, note: verified.note },
    rehearsed: snapshot.rehearsed,
    partial: snapshot.partial,
    warnings: snapshot.warnings,
    pinned: snapshot.pinned,
    release: snapshot.release,
    before: snapshot.before?.what ?? null,
  }
}

/** Whether a snapshot may be relied on: whole, read back, its databases opened. */
export function isGood(snapshot: Snapshot): boolean {
  return snapshot.kind !== 'restore-point' && !snapshot.partial && snapshot.verified?.ok === true
}

export function newestGood(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.findLast(isGood)
}

/** The restore point that Undo goes back to: the newest behind which a restore really happened. */
export function undoTarget(snapshots: readonly Snapshot[]): Snapshot | undefined {
  const applied = snapshots.filter((snapshot) => snapshot.kind === 'restore-point' && snapshot.appliedAt !== null)
  return applied.at(-1)
}

/** What a snapshot is called in sentences: "the snapshot of 5 Jan 2026, 16:00". */
export function nameOf(snapshot: Snapshot, zone: string): string {
  if (snapshot.kind === 'restore-point')
    return `the state of ${timeIn(zone, snapshot.at)}, before ${snapshot.before?.what}`
  return `the snapshot of ${timeIn(zone, snapshot.at)}`
}
