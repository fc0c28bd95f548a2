import type { Snapshot } from './repository/snapshot-file.ts'

/** How many snapshots to keep, as in site.yaml. */
export interface Keep {
  readonly last: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

export interface RetentionPlan {
  /** With the rules that keep each. */
  readonly keep: readonly { readonly id: string; readonly why: readonly string[] }[]
  readonly remove: readonly string[]
  /** Why nothing is removed, when that is so on principle. */
  readonly held: string | null
}

type Candidate = Pick<Snapshot, 'id' | 'at' | 'kind' | 'pinned' | 'partial' | 'verified' | 'appliedAt'> &
  Partial<Pick<Snapshot, 'rehearsed'>>

/** Restore points are kept by number: the newest behind a restore is what Undo goes back to. */
const restorePointsKept = 3

/**
 * Decides which snapshots stay: the newest of each of the last days, weeks and months that have one (in the site's zone), and
 * the last ones whatever their day. Rules are OR'ed, full and data snapshots counted apart. Kept besides: what is pinned,
 * the newest verified of each kind, the last one that a rehearsal proved, and the newest restore points. Nothing is removed when the clock stands before the
 * newest snapshot, or when the rules keep none. Pure: the same call gives the preview.
 */
export function planRetention(snapshots: readonly Candidate[], keep: Keep, zone: string, now: number): RetentionPlan {
  const newestFirst = [...snapshots].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
  const all = (held: string): RetentionPlan => ({
    keep: newestFirst.map(({ id }) => ({ id, why: [held] })),
    remove: [],
    held,
  })
  const newest = newestFirst[0]
  if (newest && newest.at > now) return all('The clock stands before the newest snapshot, so their ages mean nothing.')
  if (keep.last + keep.daily + keep.weekly + keep.monthly <= 0)
    return all('The rules would keep nothing, so they are not applied.')
  const reasons = new Map<string, string[]>(newestFirst.map(({ id }) => [id, []]))
  const keepFor = (snapshot: Candidate | undefined, why: string) => snapshot && reasons.get(snapshot.id)?.push(why)
  for (const snapshot of newestFirst) if (snapshot.pinned) keepFor(snapshot, 'pinned')
  for (const kind of ['full', 'data'] as const) {
    const ofKind = newestFirst.filter((snapshot) => snapshot.kind === kind)
    keepFor(
      ofKind.find(({ verified, partial }) => verified?.ok === true && !partial),
      'the newest verified one',
    )
    for (const snapshot of ofKind.slice(0, keep.last)) keepFor(snapshot, 'one of the last')
    for (const [period, count, name] of periods(keep)) {
      for (const snapshot of newestOfEach(ofKind, (at) => period(at, zone), count)) keepFor(snapshot, name)
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

function periods(keep: Keep): readonly (readonly [(at: number, zone: string) => string, number, string])[] {
  return [
    [dayOf, keep.daily, 'the newest of its day'],
    [weekOf, keep.weekly, 'the newest of its week'],
    [(at, zone) => dayOf(at, zone).slice(0, 7), keep.monthly, 'the newest of its month'],
  ]
}

/** The newest snapshot of each of the last `count` periods that have one. `snapshots` newest first. */
function newestOfEach(
  snapshots: readonly Candidate[],
  period: (at: number) => string,
  count: number,
): readonly Candidate[] {
  const found = new Map<string, Candidate>()
  for (const snapshot of snapshots) {
    const name = period(snapshot.at)
    if (found.has(name)) continue
    if (found.size >= count) break
    found.set(name, snapshot)
  }
  return [...found.values()]
}

/** "2026-01-05" in the zone. */
function dayOf(at: number, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    at,
  )
}

/** The Monday of the week, as a day. */
function weekOf(at: number, zone: string): string {
  const day = new Date(`${dayOf(at, zone)}T00:00:00Z`)
  const sinceMonday = (day.getUTCDay() + 6) % 7
  return new Date(day.getTime() - sinceMonday * 86_400_000).toISOString().slice(0, 10)
}
