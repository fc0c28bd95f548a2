import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { PastAttempt } from './decide.ts'
import type { StepRun } from './types.ts'
import { candidatesOf, type SubjectView, servicesFor } from './views.ts'

/** The policy of this id; throws `policy-unknown`. */
export function policyOf(definition: SiteDefinition | null, id: string): PolicyDefinition {
  const known = definition?.recovery ?? {}
  const policy = Object.hasOwn(known, id) ? known[id] : undefined
  if (policy) return policy
  throw new ConsoleError(
    'policy-unknown',
    `This site has no recovery policy "${id}".`,
    definition === null
      ? 'Put right what is shown about site.yaml, or look through the site and trust it.'
      : `It has ${Object.keys(known).join(', ') || 'none'}.`,
    { params: { policy: id } },
  )
}

/** The subject that is meant: the named one, else the first in trouble, else the only one. Throws `policy-subject`. */
export function subjectOf(
  policy: PolicyDefinition,
  named: string | null,
  inTrouble: readonly SubjectView[],
  definition: SiteDefinition | null,
): string {
  const candidates = definition ? candidatesOf(policy, definition) : []
  const shown = inTrouble.map(({ subject }) => subject)
  const chosen = named ?? shown[0] ?? (candidates.length === 1 ? candidates[0] : undefined)
  const known = [...candidates, ...shown]
  if (chosen === undefined || !known.includes(chosen)) throw badSubject(policy, chosen, known)
  return chosen
}

/** The step that follows from what was done about the trouble, as a position in the ladder. */
export function nextStep(policy: PolicyDefinition, past: readonly PastAttempt[]): number {
  const last = past.at(-1)
  const next = last === undefined || last.over ? 0 : last.step + 1
  return next < policy.steps.length ? next : 0
}

/** A step of a policy with what it works on. */
export function stepRun(
  definition: SiteDefinition | null,
  policy: PolicyDefinition,
  subject: string,
  step: number,
  why: string,
): StepRun {
  const wanted = policy.steps[step] ?? policy.steps[0] ?? { action: 'call-operator' }
  const services = definition ? servicesFor(policy, subject, definition) : []
  return { policy, subject, step: wanted, services, why }
}

function badSubject(policy: PolicyDefinition, subject: string | undefined, known: readonly string[]): ConsoleError {
  return new ConsoleError(
    'policy-subject',
    subject === undefined
      ? `The policy ${policy.title} can be about several things; say which.`
      : `The policy ${policy.title} is not about ${subject}.`,
    `It can be run for ${known.slice(0, 12).join(', ') || 'nothing at present'}.`,
    { params: { policy: policy.id, subjects: [...known] } },
  )
}
