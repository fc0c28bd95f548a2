import type { RehearsalRun, RehearsalsView } from '#shared/contract/rehearsals.ts'
import type { SnapshotView } from '#shared/contract/state.ts'
import { durationInWords } from '#shared/duration-words.ts'
import { isDecided } from './verdict.ts'

export interface LightGround {
  /** Newest first. */
  readonly runs: readonly RehearsalRun[]
  readonly snapshots: readonly SnapshotView[]
  /** Time between two scheduled rehearsals, milliseconds; null when none is scheduled. */
  readonly periodMs: number | null
  /** Wall-clock milliseconds. */
  readonly now: number
}

export type Light = Pick<RehearsalsView, 'light' | 'sentence' | 'proven'>

/**
 * How far the backups are proven. Green only when the last rehearsal that came to a verdict proved a snapshot that is still there, and that
 * is not longer ago than two periods of the schedule. Pure.
 */
export function lightOf({ runs, snapshots, periodMs, now }: LightGround): Light {
  const there = new Set(snapshots.map(({ id }) => id))
  const decided = runs.filter(isDecided)
  const [last] = decided
  const provenRun = decided.find(({ verdict, snapshot }) => verdict === 'proven' && there.has(snapshot))
  const proven = provenRun
    ? {
        snapshot: provenRun.snapshot,
        snapshotAt: provenRun.snapshotAt,
        at: provenRun.at,
        totalMs: provenRun.totalMs,
      }
    : null
  const good = snapshots.some(({ kind, partial, verified }) => kind !== 'restore-point' && !partial && verified?.ok)
  if (last?.verdict === 'failed')
    return { light: 'failed', sentence: `The last rehearsal failed. ${last.sentence}`, proven }
  if (!good && !proven) return { light: 'none', sentence: 'There is no good snapshot that could be rehearsed.', proven }
  if (last?.verdict === 'partly') return { light: 'verified', sentence: last.sentence, proven }
  if (!proven)
    return { light: 'verified', sentence: 'Verified, not rehearsed: nobody has seen a snapshot come up yet.', proven }
  if (isOverdue({ runs, periodMs, now })) {
    const age = durationInWords(now - proven.at)
    return {
      light: 'verified',
      sentence: `Verified; the last rehearsal that succeeded is ${age} ago, longer than two of its periods.`,
      proven,
    }
  }
  return { light: 'proven', sentence: provenRun?.sentence ?? '', proven }
}

/** Whether no rehearsal has succeeded, wholly or partly, for longer than twice the time between two of them. */
export function isOverdue({
  runs,
  periodMs,
  now,
  since,
}: Pick<LightGround, 'runs' | 'periodMs' | 'now'> & { readonly since?: number }): boolean {
  if (periodMs === null) return false
  const at = runs.filter(isDecided).find(({ verdict }) => verdict !== 'failed')?.at ?? since
  return at !== undefined && now - at > 2 * periodMs
}
