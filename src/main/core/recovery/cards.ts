import type { Attention } from '#core/attention/index.ts'
import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import type { Fix } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { StepRun } from './types.ts'
import { contactSentence, subjectInWords } from './words.ts'

/** Id of the card that calls a person about a subject. One for each policy and subject, so that a dismissed one stays away. */
export function cardOf(policy: string, subject: string): string {
  return `recovery:${policy}:${subject}`
}

/** Raises the card that recovery needs a person: what, why, what was tried, whom to call, and what to press. */
export function raiseCall(
  attention: Attention,
  definition: SiteDefinition | null,
  { policy, subject, why }: Pick<StepRun, 'policy' | 'subject' | 'why'>,
  tried: string,
  cause: Cause,
): string {
  const contact = contactSentence(definition)
  const service = subject.startsWith('service:') ? subject.slice('service:'.length) : null
  const definitionOf = service === null ? undefined : definition?.services[service]
  const fixes: Fix[] = [
    ...(service !== null && definitionOf && definitionOf.kind !== 'external'
      ? [{ label: `Restart ${definitionOf.title}`, action: { type: 'restart-service', service } } as const]
      : []),
    ...(subject === 'site' ? [{ label: 'Start all', action: { type: 'start-all' } } as const] : []),
    ...(subject === 'site' || (definitionOf && definitionOf.kind !== 'builtin' && definitionOf.kind !== 'external')
      ? [{ label: 'Restore…', action: { type: 'restore', snapshot: null } } as const]
      : []),
    { label: 'What was tried', action: { type: 'go-to', page: `/recovery/${policy.id}` } },
  ]
  attention.raise({
    id: cardOf(policy.id, subject),
    subject,
    severity: 'error',
    title: `Recovery has given up on ${subjectInWords(subject)}`,
    why: [why, tried, contact].filter((sentence) => sentence !== '').join(' '),
    fixes,
    cause,
    dismissible: true,
  })
  return contact === ''
    ? 'A card calls for a person; site.yaml names no contact.'
    : `A card calls for a person: ${contact}`
}

/** Cards outlive the console and site.yaml: those of policies that are gone or off are not true any more. */
export function clearOldCards(attention: Attention, on: readonly PolicyDefinition[]): void {
  for (const { id } of attention.open()) {
    if (!id.startsWith('recovery:')) continue
    const [, policy = ''] = id.split(':')
    if (on.some((each) => each.id === policy)) continue
    attention.clear(id, { type: 'console', why: `the recovery policy ${policy} is not in force` })
  }
}
