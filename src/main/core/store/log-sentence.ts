import { momentIn, timeIn } from '#core/platform/index.ts'
import type { LogDamage } from './database-answer.ts'
import type { DatabaseName } from './types.ts'

/**
 * What a damaged write-ahead log means for the operator. What SQLite cannot read of it was committed once, unless the power
 * went: then frames may have reached the disk out of order that nobody was promised.
 */
export function logSentence(found: {
  readonly name: DatabaseName
  readonly damage: LogDamage
  /** Time of the newest record that can be read, wall-clock milliseconds. */
  readonly newest: number | null
  /** Whether the machine has run on since the log was written. */
  readonly sameBoot: boolean
  readonly zone: string
}): { readonly message: string; readonly certain: boolean } {
  const { name, damage, newest, sameBoot, zone } = found
  const certain = sameBoot && damage.commitsAfter > 0
  const to = timeIn(zone, damage.writtenAt)
  const span = newest === null ? `written up to ${to}` : `from about ${timeIn(zone, newest)} to ${to}`
  return {
    certain,
    message: [
      `The write-ahead log of the ${name} database is damaged ${place(damage)}.`,
      certain
        ? `Records ${span} that the console had confirmed are missing.`
        : `Records ${span} may be missing${sameBoot ? '' : '; the machine was started anew since, so they may never have been confirmed'}.`,
      damage.kept === null
        ? 'There was no room to keep the damaged log.'
        : `The damaged log is kept as ${damage.kept}.`,
    ].join(' '),
  }
}

/** What a log that is not there any more means for the operator, with what it went missing with. Times are wall-clock milliseconds. */
export function lostLogSentence(found: {
  readonly name: DatabaseName
  /** Time of the newest record that is left; null when there is none. */
  readonly from: number | null
  /** The last sign of the console that wrote it. */
  readonly to: number
  readonly zone: string
}): string {
  const { name, from, to, zone } = found
  const since = from === null ? 'from the beginning' : `from ${momentIn(zone, from)}`
  return `The write-ahead log of the ${name} database was taken away while no console ran, or an older file lies in its place. What the console recorded in it ${since} until it ended, at ${momentIn(zone, to)} or later, is missing. Let nothing tidy up in the folder .wheelhouse while the console is not running.`
}

function place({ where, good, after, commitsAfter }: LogDamage): string {
  const behind = `${after} ${after === 1 ? 'page' : 'pages'} with ${commitsAfter} ${commitsAfter === 1 ? 'transaction' : 'transactions'}`
  switch (where) {
    case 'header':
      return after > 0
        ? `in its first bytes, and ${behind} in it cannot be read`
        : 'in its first bytes, and nothing in it can be read'
    case 'frame':
      return `after ${good} good ${good === 1 ? 'page' : 'pages'}, and ${behind} behind it cannot be read`
    case 'end':
      return 'at its very end, in its last transaction'
  }
}
