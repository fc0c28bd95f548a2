import type { RecoveryPreview } from '#shared/contract/recovery.ts'
import type { RecoveryAction, StepRun } from './types.ts'
import { stepInWords, subjectInWords } from './words.ts'

/** What a step would do now, before it is done. */
export async function previewOf(run: StepRun, step: number, action: RecoveryAction): Promise<RecoveryPreview> {
  const { policy, subject } = run
  const { lines, paths } = await action.preview(run)
  const touched = action.touches(run)
  const restarts = run.step.action !== 'clear-cache' && run.step.action !== 'run'
  return {
    sentence: `${capital(stepInWords(run.step))}, for ${subjectInWords(subject)}: step ${step + 1} of ${policy.steps.length} of ${policy.title}.`,
    policy: policy.id,
    subject,
    step,
    action: run.step.action,
    lines: [...lines],
    paths: [...paths],
    services: touched === 'all' || !restarts ? [] : touched.map((id) => ({ id, what: 'restart', why: whyOf(id, run) })),
    commandLine: `wheelhouse recovery run ${policy.id} --on ${subject}`,
  }
}

function whyOf(id: string, { services }: StepRun): string {
  return services.includes(id) ? 'the policy is about it' : 'it needs what is restarted'
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
