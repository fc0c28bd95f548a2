import { timeIn } from '#core/platform/index.ts'
import type { RestorePlan } from '#shared/contract/index.ts'
import { shownKey } from '#shared/path-key.ts'
import { type DatabasePlan, databaseFingerprint, type PlannedDatabase } from './postgres/database-plan.ts'
import type { PlanAnswer } from './program/messages.ts'
import type { Snapshot } from './repository/snapshot-file.ts'
import { shownSwap } from './restore/plan.ts'
import { restoreCommand } from './restore-words.ts'
import type { TouchedService } from './touched-services.ts'
import { nameOf } from './views.ts'

/** What is known besides the comparison. */
export interface PlanContext {
  readonly zone: string
  /** What is restored; null: everything. Path keys. */
  readonly paths: readonly string[] | null
  /** Services that run now, and those that use what is restored. */
  readonly services: readonly string[]
  readonly touched: readonly TouchedService[] | 'all'
  readonly undo: boolean
  /** What becomes of databases of servers. */
  readonly databases: DatabasePlan
  /** The newest full snapshot that is good, to be named when a data snapshot is restored. */
  readonly newestFull: Snapshot | undefined
}

/** Puts a comparison into words. Pure. */
export function restorePlan(snapshot: Snapshot, answer: PlanAnswer, context: PlanContext): RestorePlan {
  const stops = stopsOf(answer, context)
  const services = stops.map(({ service }) => service)
  return {
    snapshot: snapshot.id,
    fingerprint: answer.fingerprint + databaseFingerprint(context.databases),
    sentence: sentenceOf(snapshot, answer, services, context),
    add: answer.add + counted(context.databases, 'add'),
    change: answer.change + counted(context.databases, 'replace'),
    delete: answer.delete + counted(context.databases, 'delete'),
    bytes: answer.bytes + context.databases.staged,
    freeBytes: answer.freeBytes,
    entries: [...context.databases.databases.map(entryOf), ...answer.entries],
    hidden: answer.hidden,
    databases: context.databases.databases.map((one) => ({ title: one.title, what: entryOf(one).what })),
    services,
    stops: context.touched === 'all' ? [] : [...stops],
    paths: context.paths && [...context.paths],
    notes: notesOf(snapshot, answer, context, services),
    warnings: warningsOf(snapshot, answer, context),
    undo:
      context.paths === null
        ? 'A restore point is taken first; Undo brings back everything as it is now, damage included.'
        : 'A restore point of what is replaced is taken first; Undo brings just that back as it is now, damage included.',
    commandLine: context.undo ? 'wheelhouse undo' : restoreCommand(snapshot.id, context.paths),
  }
}

function sentenceOf(
  snapshot: Snapshot,
  answer: PlanAnswer,
  services: readonly string[],
  { zone, undo, paths, databases }: PlanContext,
): string {
  const name = nameOf(snapshot, zone)
  if (answer.swap.length + databases.databases.length === 0) {
    const what = paths === null ? 'The site is' : 'What was chosen is'
    return `${what} as in ${name}; there is nothing to restore.`
  }
  const stop = services.length > 0 ? ` ${services.join(', ')} stop meanwhile and start again.` : ''
  const act = undo ? 'Goes back to' : paths === null ? 'Restores' : 'Restores a part of'
  const files = answer.swap.length > 0 ? [`${countsOf(answer)}, in ${shownSwap(answer.swap)}`] : []
  return `${act} ${name}: ${[...files, ...databases.databases.map(inWords)].join('; ')}.${stop}`
}

/** "the PostgreSQL database app (Records) replaced". */
function inWords({ access, title, what }: PlannedDatabase): string {
  const done = { add: 'made', replace: 'replaced', delete: 'set aside, because there was none' }[what]
  return `the PostgreSQL database ${access.name} (${title}) ${done}`
}

function entryOf({ title, where, what, from, bytes }: PlannedDatabase): RestorePlan['entries'][number] {
  return {
    path: `${title} (PostgreSQL, ${where})`,
    what: what === 'replace' ? 'change' : what,
    bytes: from.kind === 'dump' ? from.dump.bytes : (bytes ?? 0),
  }
}

function counted({ databases }: DatabasePlan, what: PlannedDatabase['what']): number {
  return databases.filter((one) => one.what === what).length
}

function stopsOf(answer: PlanAnswer, { services, touched, databases }: PlanContext): readonly TouchedService[] {
  if (answer.swap.length + databases.databases.length === 0) return []
  if (touched === 'all') return services.map((service) => ({ service, why: '' }))
  return touched.filter(({ service }) => services.includes(service))
}

/** What is left alone, and what is made besides what was asked for: nothing about a restore may come as a surprise. */
function notesOf(
  snapshot: Snapshot,
  { swap }: PlanAnswer,
  { paths, services, databases: { databases } }: PlanContext,
  stopping: readonly string[],
): string[] {
  const kept = databases.filter(({ what }) => what !== 'add').map(({ access }) => access.name)
  const aside =
    kept.length > 0
      ? [
          `Kept on the server as ${kept.length === 1 ? 'it is' : 'they are'} now, under another name, as long as the restore point: ${kept.join(', ')}.`,
        ]
      : []
  if (paths === null || swap.length + databases.length === 0) return aside
  const notes = [...aside, 'Everything else in the site stays as it is.']
  const made = swap.filter(({ key, what }) => what === 'add' && !paths.includes(key))
  for (const { key } of made) {
    notes.push(`The folder ${shownKey(key)} is not there any more; it is made again with only what was chosen in it.`)
  }
  const logs = swap.filter(({ key, what }) => what === 'delete' && /-(wal|shm|journal)$/.test(key))
  if (logs.length > 0 && snapshot.scope !== 'paths') {
    notes.push(
      `Log files that belong to the database of now go with it: ${logs.map(({ key }) => shownKey(key)).join(', ')}.`,
    )
  }
  const running = services.filter((service) => !stopping.includes(service))
  if (running.length > 0) notes.push(`Goes on running: ${running.join(', ')}.`)
  return notes
}

/** "2 files or folders changed, 1 deleted": the first number says what is counted. */
function countsOf({ add, change, delete: removed }: PlanAnswer): string {
  return [
    { count: add, what: 'added' },
    { count: change, what: 'changed' },
    { count: removed, what: 'deleted' },
  ]
    .filter(({ count }) => count > 0)
    .map(({ count, what }, at) =>
      at === 0 ? `${count} ${count === 1 ? 'file or folder' : 'files or folders'} ${what}` : `${count} ${what}`,
    )
    .join(', ')
}

function warningsOf(snapshot: Snapshot, answer: PlanAnswer, { newestFull, zone, databases }: PlanContext): string[] {
  const warnings = [...databases.problems, ...databases.warnings, ...answer.warnings]
  if (snapshot.kind === 'data') {
    const full = newestFull
      ? ` The newest one with everything is ${newestFull.id} of ${timeIn(zone, newestFull.at)}.`
      : ''
    warnings.unshift(`This snapshot holds site.yaml and data only; code and logs stay as they are.${full}`)
  }
  if (answer.freeBytes !== null && answer.bytes + databases.staged > answer.freeBytes) {
    warnings.unshift('The disk of the site does not have enough free space for this restore.')
  }
  return warnings
}
