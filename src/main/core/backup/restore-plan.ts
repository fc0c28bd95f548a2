import { timeIn } from '#core/platform/index.ts'
import type { RestorePlan } from '#shared/contract/index.ts'
import type { PlanAnswer } from './program/messages.ts'
import type { Snapshot } from './repository/snapshot-file.ts'
import { shownSwap } from './restore/plan.ts'
import { nameOf } from './views.ts'

/** What is known besides the comparison. */
export interface PlanContext {
  readonly zone: string
  /** Services that run now. */
  readonly services: readonly string[]
  readonly undo: boolean
  /** The newest full snapshot that is good, to be named when a data snapshot is restored. */
  readonly newestFull: Snapshot | undefined
}

/** Puts a comparison into words. Pure. */
export function restorePlan(snapshot: Snapshot, answer: PlanAnswer, context: PlanContext): RestorePlan {
  const services = answer.swap.length > 0 ? [...context.services] : []
  return {
    snapshot: snapshot.id,
    fingerprint: answer.fingerprint,
    sentence: sentenceOf(snapshot, answer, services, context),
    add: answer.add,
    change: answer.change,
    delete: answer.delete,
    bytes: answer.bytes,
    freeBytes: answer.freeBytes,
    entries: answer.entries,
    hidden: answer.hidden,
    services,
    warnings: warningsOf(snapshot, answer, context),
    undo: 'A restore point is taken first; Undo brings back everything as it is now, damage included.',
    commandLine: context.undo ? 'wheelhouse undo' : `wheelhouse restore ${snapshot.id}`,
  }
}

function sentenceOf(
  snapshot: Snapshot,
  answer: PlanAnswer,
  services: readonly string[],
  { zone, undo }: PlanContext,
): string {
  const name = nameOf(snapshot, zone)
  if (answer.swap.length === 0) return `The site is as in ${name}; there is nothing to restore.`
  const stop = services.length > 0 ? ` ${services.join(', ')} stop meanwhile and start again.` : ''
  return `${undo ? 'Goes back to' : 'Restores'} ${name}: ${countsOf(answer)}, in ${shownSwap(answer.swap)}.${stop}`
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

function warningsOf(snapshot: Snapshot, answer: PlanAnswer, { newestFull, zone }: PlanContext): string[] {
  const warnings = [...answer.warnings]
  if (snapshot.kind === 'data') {
    const full = newestFull
      ? ` The newest one with everything is ${newestFull.id} of ${timeIn(zone, newestFull.at)}.`
      : ''
    warnings.unshift(`This snapshot holds site.yaml and data only; code and logs stay as they are.${full}`)
  }
  if (answer.freeBytes !== null && answer.bytes > answer.freeBytes) {
    warnings.unshift('The disk of the site does not have enough free space for this restore.')
  }
  return warnings
}
