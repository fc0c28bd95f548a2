import type { HandOverPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import decision from './decision-dialog.module.css'
import { PlannedDialog } from './planned-dialog.tsx'
import styles from './recover-dialog.module.css'

/** Shows which unit is stopped and what starts in its place, or the reverse, before it is done. */
export function UnitDialog({
  verb,
  service,
  onClose,
  onStarted,
}: {
  readonly verb: 'adopt' | 'release'
  readonly service: string
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  return (
    <PlannedDialog
      title={verb === 'adopt' ? `Take ${service} over from systemd?` : `Give ${service} back to systemd?`}
      queryKey={['unit', service]}
      load={(calls) => calls.services.unit({ service })}
      waitsFor="Asking systemd. Nothing is touched."
      words={(unit) => {
        const plan = unit?.[verb]
        const isPossible = unit === undefined || (plan && plan.refusal === null)
        return {
          safe: 'Leave it as it is',
          act: isPossible ? `${verb === 'adopt' ? 'Adopt' : 'Release'} ${service}` : null,
        }
      }}
      begin={(calls) => calls.services[verb]({ service })}
      onClose={onClose}
      onStarted={onStarted}
    >
      {({ [verb]: plan, sentence }) => (plan ? <Plan plan={plan} /> : <p>There is nothing to do: {sentence}</p>)}
    </PlannedDialog>
  )
}

function Plan({ plan }: { readonly plan: HandOverPlan }) {
  return (
    <>
      {plan.refusal && (
        <p className={styles.warning}>
          <HealthMark health="degraded" label="not possible now" />
          <span>
            <Sentence text={`${plan.refusal.message} ${plan.refusal.remedy}`} />
          </span>
        </p>
      )}
      <p>{plan.sentence}</p>
      <ol className={styles.steps} aria-label="What is done">
        {plan.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {plan.touches.length > 0 && <Points title="It touches" points={plan.touches} />}
      {plan.notes.length > 0 && <Points title="Look at this before" points={plan.notes} />}
      <p className={decision.undo}>
        <Sentence text={plan.undo} />
      </p>
      <CommandLine command={plan.commandLine} />
    </>
  )
}

function Points({ title, points }: { readonly title: string; readonly points: readonly string[] }) {
  return (
    <>
      <p>
        <strong>{title}</strong>
      </p>
      <ul className={styles.steps} aria-label={title}>
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </>
  )
}
