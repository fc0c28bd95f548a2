import { parseDuration } from './duration.ts'

/** So many in each period. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

/** Longest period of a rate: a day. */
const longestMs = 86_400_000

/** The rate that a text such as `5/s`, `30/m` or `1/10s` stands for; undefined when it is none. */
export function parseRate(text: string): Rate | undefined {
  const [, amount, period = ''] = /^(\d{1,6})\/(.+)$/.exec(text) ?? []
  const count = Number(amount)
  const perMs = parseDuration(/^\d/.test(period) ? period : `1${period}`)
  // Durations are whole milliseconds: half of one would become another rate than the one that is written.
  if (/\.\d+ms$/.test(period) || count < 1 || perMs === undefined || perMs < 1 || perMs > longestMs) return undefined
  return { count, perMs }
}
