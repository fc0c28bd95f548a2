import type { SnapshotView } from '#shared/contract/index.ts'

/** What each kind of snapshot is called. */
export const kindWords: Record<SnapshotView['kind'], string> = {
  full: 'full',
  data: 'data',
  'restore-point': 'restore point',
}

/** What it is for, in a line: the operator's note, or what it was taken before. */
export function purposeOf(snapshot: SnapshotView): string {
  if (snapshot.before !== null) return `before: ${snapshot.before}`
  return snapshot.note
}
