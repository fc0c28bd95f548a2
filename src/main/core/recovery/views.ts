import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import type { AttemptView, PolicyState, PolicyView } from '#shared/contract/recovery.ts'
import { conditionInWords, stepInWords } from './words.ts'

export type SubjectView = PolicyView['subjects'][number]

/** States from the least to the most telling. */
const order: readonly PolicyState[] = [
  'off',
  'armed',
  'cooling-down',
  'waiting',
  'held',
  'pausing',
  'used-up',
  'given-up',
  'acting',
]

/** A policy as it is shown. */
export function policyView(
  policy: PolicyDefinition,
  given: {
    readonly on: boolean
    readonly switchedOff: boolean
    readonly subjects: readonly SubjectView[]
    readonly candidates: readonly string[]
    readonly last: AttemptView | null
  },
): PolicyView {
  const { on, switchedOff, last } = given
  const telling = given.subjects.filter(({ state }) => state !== 'armed')
  const subjects = telling.toSorted((a, b) => order.indexOf(b.state) - order.indexOf(a.state)).slice(0, 20)
  return {
    id: policy.id,
    title: policy.title,
    shipped: policy.shipped,
    on,
    switchedOff,
    state: on && !switchedOff ? (subjects[0]?.state ?? 'armed') : 'off',
    when: conditionInWords(policy.when),
    forMs: policy.forMs,
    steps: policy.steps.map((step) => ({ action: step.action, words: stepInWords(step) })),
    perDay: policy.perDay,
    coolDownMs: policy.coolDownMs,
    subjects: on && !switchedOff ? subjects : [],
    candidates: [...given.candidates],
    last:
      last && last.result !== null
        ? { at: last.at, subject: last.subject, result: last.result, sentence: last.sentence ?? '' }
        : null,
  }
}

/** The subjects that a policy can be run for by hand. */
export function candidatesOf({ when }: PolicyDefinition, { services }: SiteDefinition): readonly string[] {
  switch (when.kind) {
    case 'site':
      return ['site']
    case 'machine':
      return ['machine']
    case 'event':
    case 'health':
    case 'metric': {
      const own = Object.values(services).filter(({ kind }) => kind !== 'external')
      const all = own.map(({ id }) => id)
      const ids = when.of === 'all' || when.of.length === 0 ? all : when.of
      return ids.map((id) => `service:${id}`)
    }
  }
}

/** The services that the steps of a policy work on for a subject. */
export function servicesFor(
  { when }: PolicyDefinition,
  subject: string,
  { services }: SiteDefinition,
): readonly string[] {
  const named = when.kind === 'machine' || when.kind === 'event' ? when.of : []
  const own = subject.startsWith('service:') ? [subject.slice('service:'.length)] : []
  return (named.length > 0 ? named : own).filter((id) => Object.hasOwn(services, id))
}
