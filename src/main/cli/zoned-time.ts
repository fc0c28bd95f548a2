import { ConsoleError } from '#shared/problem.ts'
import { moment } from './words.ts'

/**
 * A moment as people write it: `2026-01-05T08:30:00Z` or with an offset, or `2026-01-05`, `2026-01-05 16:30`, `2026-01-05 16:30:00` in
 * the site's zone. Milliseconds since the epoch. Where the clocks are put back a time that comes twice is the first of the two; one that
 * is left out counts from before. Throws `time-unreadable`.
 */
export function zonedTime(text: string, zone: string): number {
  const [, date, time = '00:00', seconds = '00', offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,3})?))?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text.trim()) ?? []
  const asUtc = Date.parse(`${date}T${time}:${seconds}Z`)
  if (date === undefined || Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 10) !== date)
    throw unreadable(text)
  if (offset !== undefined) return Date.parse(`${date}T${time}:${seconds}${offset}`)
  // The zone's offset a day before and a day after: one of them holds at the moment that is meant.
  const candidates = [-1, 1]
    .map((days) => asUtc + days * 86_400_000)
    .map((near) => asUtc - (Date.parse(`${moment(near, zone).replace(' ', 'T')}Z`) - Math.floor(near / 1_000) * 1_000))
  const shownAs = (at: number) =>
    Date.parse(`${moment(at, zone).replace(' ', 'T')}Z`) === Math.floor(asUtc / 1_000) * 1_000
  return candidates.find(shownAs) ?? candidates[0] ?? asUtc
}

function unreadable(text: string): ConsoleError {
  return new ConsoleError(
    'time-unreadable',
    `"${text}" is no time.`,
    "Write 2026-01-05T08:30:00Z, or 2026-01-05 16:30 in the site's zone.",
    { params: { text } },
  )
}
