import { momentIn } from '#core/platform/index.ts'
import type { Choice, Intent } from './recovery-record.ts'
import type { DatabaseName } from './types.ts'

/** From when to when records are missing, wall-clock milliseconds. `from` null: from the beginning, or it cannot be told. */
export interface LostInterval {
  readonly from: number | null
  readonly to: number
}

/** What was lost with a database that was last written at `until`: everything after the newest record of its replacement. */
export function lostInterval(choice: Choice, until: number): LostInterval {
  if (choice.source !== 'copy') return { from: null, to: until }
  // The clock may have been set back in between; then the copy is the only thing that is sure.
  const from = choice.newest ?? choice.copiedAt
  return { from, to: Math.max(from, until) }
}

/** What was done about a damaged database, for the operator. */
export function recoverySentence(done: {
  readonly name: DatabaseName
  readonly intent: Pick<Intent, 'damage' | 'by' | 'until'>
  readonly choice: Choice
  readonly quarantined: string
  /** Every place where something is that was recorded in stand-ins for it. */
  readonly standIns: readonly string[]
  /** Whether something stood in for it, wherever that is now. */
  readonly stoodIn: boolean
  readonly zone: string
}): string {
  const { name, intent, choice, quarantined, zone } = done
  const ordered = intent.by === 'operator' ? ' by order of the operator' : ''
  return [
    `The ${name} database was damaged (${intent.damage}) and was set aside in ${quarantined}${ordered}.`,
    replacement(choice, intent.until, zone),
    ...(choice.untried === 0 ? [] : [untriedInWords(choice.untried)]),
    ...standInWords(done),
  ].join(' ')
}

function standInWords(done: {
  readonly quarantined: string
  readonly standIns: readonly string[]
  readonly stoodIn: boolean
}): string[] {
  const { quarantined, standIns, stoodIn } = done
  if (standIns.length > 0) {
    const where = standIns.map((place) => (place === quarantined ? 'the same folder' : place)).join(' and ')
    return [`What was recorded in the stand-in meanwhile is not in it; the stand-in is kept in ${where}.`]
  }
  if (!stoodIn) return []
  return ['What was recorded in the stand-in meanwhile is not in it, and the stand-in could not be kept with it.']
}

function replacement(choice: Choice, until: number, zone: string): string {
  const last = momentIn(zone, until)
  switch (choice.source) {
    case 'copy': {
      const { from, to } = lostInterval(choice, until)
      return `The copy of ${momentIn(zone, choice.copiedAt)} took its place. What was recorded from ${momentIn(zone, from ?? to)} to ${momentIn(zone, to)} is missing; it is in the quarantined file only.`
    }
    case 'salvage':
      return `There was no good copy, so what could still be read of it took its place: ${rowsInWords(choice.tables)}. This is partial: other records up to ${last} may be missing.`
    case 'empty':
      return `There was no good copy and nothing could be salvaged, so a new, empty one took its place. Everything recorded up to ${last} is missing; it is in the quarantined file only.`
  }
}

function untriedInWords(untried: number): string {
  const what = untried === 1 ? 'One more copy was' : `${untried} more copies were`
  return `${what} not tried, because trying them had taken too long already; they are in .wheelhouse/copies.`
}

function rowsInWords(tables: Readonly<Record<string, number>>): string {
  return Object.entries(tables)
    .sort(([, a], [, b]) => b - a)
    .map(([table, rows]) => `${rows.toLocaleString('en-GB')} ${rows === 1 ? 'row' : 'rows'} of ${table}`)
    .join(', ')
}
