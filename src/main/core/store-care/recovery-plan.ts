import type { BestCopy, DatabaseName, StoreState } from '#core/store/index.ts'
import type { StoreRecoveryPlan } from '#shared/contract/index.ts'

export interface StorePlanInput {
  readonly database: DatabaseName
  readonly state: StoreState
  /** Bytes of the database in use with its log. */
  readonly bytes: number
  readonly best: BestCopy
  /** "the copy of 5 Jan 2026, 16:00". */
  readonly nameOf: (copy: { readonly at: number }) => string
  /** Since when a stand-in takes its place, wall-clock milliseconds; null when it is itself. */
  readonly standInSince: number | null
  /** Whether no damage of it is known, so that it is tried first whether it can be opened. */
  readonly triedFirst: boolean
  readonly now: number
}

/** Copy, check of what was copied, and the look at it when it is opened: each takes about as long as the check of the copy. */
const roundsOfCopy = 3

/** What recovering would do, before anything is done. */
export function storeRecoveryPlan(input: StorePlanInput): StoreRecoveryPlan {
  const { database, state, best, nameOf, standInSince, now } = input
  const { copy, passedOver, others } = best
  const isChecked = state !== 'stand-in' && state !== 'failed'
  const name = copy && nameOf(copy)
  const older = others > 0 ? ' Should it fail after all, older copies are tried.' : ''
  const end = standInSince ?? now
  const copyOrRest =
    name === null
      ? `set the ${database} database aside and salvage what can still be read of it; ${passedOver > 0 ? 'no copy passes its check' : 'there is no copy'}.`
      : `set the ${database} database aside and put ${name} in its place.`
  return {
    sentence: input.triedFirst
      ? `Open the ${database} database again; if it still cannot be opened, ${copyOrRest}`
      : `${copyOrRest.charAt(0).toUpperCase()}${copyOrRest.slice(1)}`,
    steps: [
      ...(input.triedFirst
        ? ['Try to open it again; if that is possible, it is used as it is, nothing of it is lost and this ends here.']
        : []),
      ...(isChecked ? ['Read it through and through; found whole, it stays as it is and nothing is lost.'] : []),
      `${isChecked ? 'Found damaged: move' : 'Move'} its files together to .wheelhouse/quarantine, where they are kept for 14 days.`,
      name === null
        ? 'Salvage what can still be read of them.'
        : `Put ${name} in its place; it has just passed its check.${older}`,
      ...(passedOver > 0
        ? [
            `${passedOver === 1 ? 'One newer copy is' : `${passedOver} newer copies are`} passed over: damaged, or of no use.`,
          ]
        : []),
      ...(standInSince === null
        ? []
        : ['Keep the stand-in beside the damaged files; what it recorded is not brought over.']),
      'Where nothing serves, begin with an empty one. The console runs on meanwhile and says what was done.',
    ],
    copy: copy && { at: copy.at, newest: copy.newest, bytes: copy.bytes },
    passedOver,
    lost: copy && { from: copy.newest ?? copy.at, to: Math.max(end, copy.newest ?? copy.at) },
    aboutMs:
      copy && Math.round(copy.checkMs * ((isChecked ? Math.max(1, input.bytes / copy.bytes) : 0) + roundsOfCopy)),
    undo: 'The damaged files are kept for 14 days. Services, the files of the site and its backups are not touched.',
    commandLine: `wheelhouse store recover ${database}`,
  }
}
