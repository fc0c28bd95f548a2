import type { CheckNote, DatabaseCopy, DatabaseName } from '#core/store/index.ts'

const hour = 60 * 60 * 1_000

/** How often each database is copied by itself. Milliseconds. */
export const copyEveryMs: Readonly<Record<DatabaseName, number>> = { control: 6 * hour, messages: 24 * hour }

/** A larger database is not copied by schedule: it would take the site's disk and its time. Bytes. */
export const mostScheduledBytes = 512 * 1024 ** 2

/** How often each database is checked through and through. Milliseconds. */
export const checkEveryMs = 7 * 24 * hour

/** Whether a copy is due. A copy from the future comes of a clock that was set back; it says nothing about its age. */
export function copyIsDue(database: DatabaseName, copies: readonly DatabaseCopy[], now: number): boolean {
  const newest = copies.find(({ reason, at }) => reason === 'scheduled' && at <= now)
  return !newest || now - newest.at >= copyEveryMs[database]
}

/**
 * Whether a full check is due: a week after the last one by the wall clock, or by the time that the console has seen pass, so
 * that a clock that was set back does not put it off. A clock that was set forward brings one early, which does no harm.
 */
export function checkIsDue(last: CheckNote | null, bornAt: number, now: number, seenMs: number): boolean {
  const from = last ?? { at: bornAt, seenMs: 0 }
  return now - from.at >= checkEveryMs || seenMs - from.seenMs >= checkEveryMs
}
