import { Calendar, type Period, periods } from './keeping/periods.ts'
import { type Shrink, shrinkShare } from './keeping/shrink.ts'
import type { Snapshot } from './repository/snapshot-file.ts'

/** How many snapshots to keep, as in site.yaml: the last ones, and the newest of each of so many periods. */
export type Keep = { readonly last: number } & { readonly [P in Period]: number }

export interface RetentionPlan {
  /** With the rules that keep each: "kept as weekly 2026-W47". */
  readonly keep: readonly { readonly id: string; readonly why: readonly string[] }[]
  readonly remove: readonly string[]
  /** Why nothing is removed, when that is so on principle. */
  readonly held: string | null
}

export type Candidate = Pick<
  Snapshot,
  'id' | 'at' | 'kind' | 'pinned' | 'partial' | 'verified' | 'appliedAt' | 'bytes'
> &
  Partial<Pick<Snapshot, 'rehearsed'>>

/** Restore points are kept by number: the newest behind a restore is what Undo goes back to. */
const restorePointsKept = 3

/**
 * Decides which snapshots stay: the last ones, and the newest of each of the last hours, days, weeks, months and years that have
 * one, by the calendar of the site's zone. Rules are OR'ed, full and data snapshots counted apart. Kept besides: what is pinned,
 * the newest verified of each kind, the last one that a rehearsal proved, the newest restore points, and while a site has shrunk the snapshots of when it was large.
 * Nothing is removed when the clock stands before the newest snapshot, or when the rules keep none. Pure: the same call gives the preview.
 */
export function planRetention(
  snapshots: readonly Candidate[],
  keep: Keep,
  zone: string,
  now: number,
  shrinks: readonly Shrink[] = [],
): RetentionPlan {
  const newestFirst = [...snapshots].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
  const all = (held: string): RetentionPlan => ({
    keep: newestFirst.map(({ id }) => ({ id, why: [held] })),
    remove: [],
    held,
  })
  const newest = newestFirst[0]
  if (newest && newest.at > now) return all('The clock stands before the newest snapshot, so their ages mean nothing.')
  if (isEmpty(keep)) return all('The rules would keep nothing, so they are not applied.')
  const calendar = new Calendar(zone)
  const reasons = new Map<string, string[]>(newestFirst.map(({ id }) => [id, []]))
  const keepFor = (snapshot: Candidate | undefined, why: string) => snapshot && reasons.get(snapshot.id)?.push(why)
  for (const snapshot of newestFirst) if (snapshot.pinned) keepFor(snapshot, 'pinned')
  for (const kind of ['full', 'data'] as const) {
    const ofKind = newestFirst.filter((snapshot) => snapshot.kind === kind)
    keepFor(
      ofKind.find(({ verified, partial }) => verified?.ok === true && !partial),
      'the newest verified one',
    )
    for (const [nth, snapshot] of ofKind.slice(0, keep.last).entries())
      keepFor(snapshot, `kept as one of the last ${keep.last} (${nth + 1})`)
    for (const period of periods) {
      for (const [name, snapshot] of newestOfEach(ofKind, (at) => calendar.name(period, at), keep[period]))
        keepFor(snapshot, `kept as ${period} ${shownName(name)}`)
    }
    for (const shrink of shrinks.filter((each) => each.kind === kind)) {
      for (const large of largeOnes(ofKind, shrink))
        keepFor(
          large,
          `the site is ${Math.round(shrink.share * 100)} % smaller since, and nobody said that this is right`,
        )
    }
  }
  const proofs = newestFirst.filter(({ rehearsed }) => rehearsed != null && rehearsed.verdict !== 'failed')
  keepFor(
    proofs.toSorted((a, b) => (b.rehearsed?.at ?? 0) - (a.rehearsed?.at ?? 0))[0],
    'the last one that a rehearsal proved',
  )
  const points = newestFirst.filter(({ kind }) => kind === 'restore-point')
  for (const point of points.slice(0, restorePointsKept)) keepFor(point, 'one of the newest restore points')
  keepFor(
    points.find(({ appliedAt }) => appliedAt !== null),
    'Undo goes back to it',
  )
  const kept = newestFirst.filter(({ id }) => (reasons.get(id)?.length ?? 0) > 0)
  return {
    keep: kept.map(({ id }) => ({ id, why: reasons.get(id) ?? [] })),
    remove: newestFirst.filter((snapshot) => !kept.includes(snapshot)).map(({ id }) => id),
    held: null,
  }
}

/** Whether rules would keep nothing at all: such rules are never applied. */
export function isEmpty(keep: Keep): boolean {
  return keep.last + periods.reduce((sum, period) => sum + keep[period], 0) <= 0
}

/** The newest snapshot of each of the last `count` periods that have one, by the period's name. `snapshots` newest first. */
function newestOfEach(
  snapshots: readonly Candidate[],
  period: (at: number) => string,
  count: number,
): ReadonlyMap<string, Candidate> {
  const found = new Map<string, Candidate>()
  for (const snapshot of snapshots) {
    if (found.size >= count) break
    const name = period(snapshot.at)
    if (!found.has(name)) found.set(name, snapshot)
  }
  return found
}

/** Those of before the shrink that are larger than what followed. */
function largeOnes(ofKind: readonly Candidate[], shrink: Shrink): readonly Candidate[] {
  const newest = ofKind[0]
  if (!newest) return []
  return ofKind.filter(({ at, bytes }) => at < shrink.at && newest.bytes < bytes * (1 - shrinkShare))
}

/** Without the offset that tells the two hours of a changed clock apart. */
function shownName(name: string): string {
  return name.replace(/ (GMT|UTC).*$/, '')
}
