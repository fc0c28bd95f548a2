/** Sequences of a new database begin at least so far above where those of the one before began. */
const mostGivenBetween = 100_000_000

/**
 * Where sequences go on when records are missing. In milliseconds since the epoch one lies above all that were given before,
 * unless a thousand came each second; and above those that went on from `highest`, whatever became of the clock since.
 */
export function sequencesFrom(now: number, highest: number): number {
  return Math.max(now, highest === 0 ? 0 : highest + mostGivenBetween)
}
