import type { DeployView, ReleaseView } from '#shared/contract/index.ts'
import type { Mark } from '../../components/health-mark.tsx'

export const stateWords: Readonly<Record<ReleaseView['state'], string>> = {
  active: 'active',
  previous: 'the way back',
  ready: 'kept',
  gone: 'gone',
}

export function markOfRelease({ state, verdict, verified }: ReleaseView): Mark {
  if (verdict?.verdict === 'bad' || verified?.ok === false) return 'unhealthy'
  if (state === 'gone') return 'unknown'
  return verdict?.verdict === 'good' || state === 'active' ? 'healthy' : 'unknown'
}

/** "good", "bad", or what is known of its files. */
export function verdictWords({ verdict, verified }: ReleaseView): string {
  if (verdict) return verdict.verdict
  if (verified) return verified.ok ? 'files checked' : 'damaged'
  return ''
}

const phaseWords: Readonly<Record<DeployView['phase'], string>> = {
  validate: 'being checked',
  prepare: 'being prepared',
  'back-up': 'taking a restore point',
  stop: 'stopping services',
  switch: 'switching',
  configure: 'configuring',
  start: 'starting services',
  verify: 'being verified',
  probation: 'on probation',
  'rolling-back': 'going back',
  committed: 'good',
  'rolled-back': 'taken back',
  refused: 'refused',
  stuck: 'stuck',
}

export function phaseInWords({ phase }: DeployView): string {
  return phaseWords[phase]
}

export function markOfDeploy({ phase }: DeployView): Mark {
  if (phase === 'committed') return 'healthy'
  if (phase === 'stuck') return 'unhealthy'
  if (phase === 'rolled-back' || phase === 'refused' || phase === 'rolling-back') return 'degraded'
  return 'maintenance'
}

/** What an operator would type next: what ends the probation, what tries once more, else what began it. */
export function nextCommand({ id, phase, commandLine }: DeployView): string {
  if (phase === 'probation') return 'wheelhouse deploys commit'
  return phase === 'stuck' ? `wheelhouse deploys settle ${id}` : commandLine
}

/** Whether it has come to an end, for better or worse. A stuck one waits for a person. */
export function isOver({ phase }: DeployView): boolean {
  return ['committed', 'rolled-back', 'refused'].includes(phase)
}
