import type { AttemptView, PolicyState } from '#shared/contract/index.ts'
import type { Mark } from '../../components/health-mark.tsx'

/** What a policy or one of its subjects is doing, in a word or two. */
export const policyStateWords: Record<PolicyState, string> = {
  off: 'off',
  armed: 'armed',
  waiting: 'waiting',
  acting: 'acting',
  pausing: 'between steps',
  'cooling-down': 'cooling down',
  'used-up': 'used up today',
  'given-up': 'given up',
  held: 'held back',
}

export const policyStateMark: Record<PolicyState, Mark> = {
  off: 'unknown',
  armed: 'healthy',
  waiting: 'degraded',
  acting: 'degraded',
  pausing: 'degraded',
  'cooling-down': 'healthy',
  'used-up': 'unhealthy',
  'given-up': 'unhealthy',
  held: 'maintenance',
}

type Result = NonNullable<AttemptView['result']>

export const resultWords: Record<Result, string> = {
  done: 'done',
  failed: 'failed',
  nothing: 'nothing to do',
  cancelled: 'cancelled',
  held: 'held back',
  interrupted: 'interrupted',
}

export const resultMark: Record<Result, Mark> = {
  done: 'healthy',
  failed: 'unhealthy',
  nothing: 'unknown',
  cancelled: 'unknown',
  held: 'maintenance',
  interrupted: 'degraded',
}

/** "api" for `service:api`, "the machine", "the site". */
export function subjectWords(subject: string): string {
  if (subject.startsWith('service:')) return subject.slice('service:'.length)
  return subject === 'machine' || subject === 'site' ? `the ${subject}` : subject
}

/** Where a subject is shown. */
export function subjectPage(subject: string): string {
  return subject.startsWith('service:') ? `/services/${subject.slice('service:'.length)}` : '/'
}
