import { type DeployPhase, type DeployStep, deployStepSchema } from '#shared/contract/deploys.ts'

/** The steps, in order. */
export const deploySteps: readonly DeployStep[] = deployStepSchema.options

/** Where a deploy is, as far as the way of it goes: kept on disk, and all that decides what comes next. */
export interface Standing {
  readonly phase: DeployPhase
  /** Where it failed. */
  readonly failedAt: DeployStep | 'probation' | null
  /** Crashes in probation: of services, of the console, of the PC. */
  readonly crashes: number
  /** How many of them are allowed. */
  readonly allowed: number
  /** Changes of phase so far: a deploy that changes for ever is ended (Mender's rule). */
  readonly changes: number
  /** Whether the release proved bad, so that it is never taken again. */
  readonly bad: boolean
}

/** What happened to it. */
export type DeployFact =
  /** The step, the probation or the roll-back came to its end as it should. */
  | { readonly type: 'done' }
  /** It did not: an error, a time-out, a full disk. `blame`: whether that says something about the release. */
  | { readonly type: 'failed'; readonly blame: boolean }
  /** The operator called it off. */
  | { readonly type: 'called-off' }
  /** Found at an opening: console or PC had ended meanwhile, and not in order. */
  | { readonly type: 'cut-off' }
  /** A service of it crashed while on probation. */
  | { readonly type: 'crashed' }
  /** A person orders that a stuck one is tried again. */
  | { readonly type: 'again' }

/** A deploy changes its phase ten times at most when all goes wrong once; what is beyond this goes round in a circle. */
export const mostChanges = 40

/** What a deploy begins as. */
export function atFirst(allowed: number): Standing {
  return { phase: 'validate', failedAt: null, crashes: 0, allowed, changes: 0, bad: false }
}

/** Whether it has come to an end that nothing follows. */
export function isOver(phase: DeployPhase): boolean {
  return phase === 'committed' || phase === 'rolled-back' || phase === 'refused'
}

/** Whether the site is as it was before: no service has been stopped and no file that is in use was changed. */
export function isUntouched(phase: DeployPhase): boolean {
  return phase === 'validate' || phase === 'prepare' || phase === 'back-up'
}

/**
 * What follows. Total: every fact at every phase has its answer, and one that cannot happen there changes nothing. Before anything was
 * touched a failure ends it; from then on it leads back; past `verify` only the probation decides.
 */
export function onFact(standing: Standing, fact: DeployFact): Standing {
  const { phase } = standing
  if (isOver(phase)) return standing
  const next = follow(standing, fact)
  if (next === standing || next.phase === phase) return next
  const changes = standing.changes + 1
  if (changes > mostChanges && !isOver(next.phase)) return { ...next, changes, phase: 'stuck' }
  return { ...next, changes }
}

function follow(standing: Standing, fact: DeployFact): Standing {
  const { phase } = standing
  switch (phase) {
    case 'committed':
    case 'rolled-back':
    case 'refused':
      return standing
    case 'stuck':
      return fact.type === 'again' ? { ...standing, phase: 'rolling-back', changes: 0 } : standing
    case 'rolling-back':
      return inRollBack(standing, fact)
    case 'probation':
      return onProbation(standing, fact)
    default:
      return atStep(standing, phase, fact)
  }
}

function atStep(standing: Standing, step: DeployStep, fact: DeployFact): Standing {
  switch (fact.type) {
    case 'done':
      return { ...standing, phase: deploySteps[deploySteps.indexOf(step) + 1] ?? 'probation' }
    case 'failed':
    case 'called-off':
    case 'cut-off': {
      const bad = standing.bad || (fact.type === 'failed' && fact.blame)
      return { ...standing, bad, failedAt: step, phase: isUntouched(step) ? 'refused' : 'rolling-back' }
    }
    case 'crashed': // seen by the step itself
    case 'again':
      return standing
  }
}

function onProbation(standing: Standing, fact: DeployFact): Standing {
  const back: Standing = { ...standing, failedAt: 'probation', phase: 'rolling-back' }
  switch (fact.type) {
    case 'done':
      return { ...standing, phase: 'committed' }
    case 'failed':
      return { ...back, bad: true }
    case 'called-off':
      return back
    case 'crashed':
    case 'cut-off': {
      const crashes = standing.crashes + 1
      return crashes > standing.allowed ? { ...back, crashes, bad: true } : { ...standing, crashes }
    }
    case 'again':
      return standing
  }
}

function inRollBack(standing: Standing, fact: DeployFact): Standing {
  switch (fact.type) {
    case 'done':
      return { ...standing, phase: 'rolled-back' }
    case 'failed':
      return { ...standing, phase: 'stuck' }
    case 'cut-off': {
      // The same phase again: what loops here is counted all the same.
      const changes = standing.changes + 1
      return changes > mostChanges ? { ...standing, changes, phase: 'stuck' } : { ...standing, changes }
    }
    case 'called-off':
    case 'crashed':
    case 'again':
      return standing
  }
}
