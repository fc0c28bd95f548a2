import type { RecoveryPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Time } from '../../components/time.tsx'
import { recoverDatabaseActWords } from './act-words.ts'
import decision from './decision-dialog.module.css'
import { PlannedDialog } from './planned-dialog.tsx'
import styles from './recover-dialog.module.css'

/** Shows what recovering a site's database does, stops and loses at most, before it is done. */
export function RecoverDatabaseDialog({
  service,
  onClose,
  onStarted,
}: {
  readonly service: string
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  return (
    <PlannedDialog
      title={`Recover ${service}?`}
      queryKey={['recovery-plan', service]}
      load={(calls) => calls.databases.planRecovery({ service })}
      waitsFor="Looking at the database and its copies. Nothing is touched."
      words={(plan) => ({ safe: 'Leave it as it is', act: recoverDatabaseActWords(service, plan) })}
      begin={(calls) => calls.databases.recover({ service })}
      onClose={onClose}
      onStarted={onStarted}
    >
      {(plan) => <PlanView plan={plan} />}
    </PlannedDialog>
  )
}

function PlanView({ plan }: { readonly plan: RecoveryPlan }) {
  return (
    <>
      <p>{plan.sentence}</p>
      {plan.steps.length > 0 && (
        <ol className={styles.steps} aria-label="What is done">
          {plan.steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {plan.services.length > 0 && (
        <p>
          Stops and starts again: <strong>{plan.services.join(', ')}</strong>
        </p>
      )}
      {plan.lost ? (
        <p>
          <strong>Lost at most:</strong> what was written since <Time at={plan.lost.from} />, the last{' '}
          {duration(plan.lost.to - plan.lost.from)}.
        </p>
      ) : (
        <p className={styles.warning}>
          <HealthMark health="degraded" label="warning" />
          <span>There is no good copy: what can be lost is not known beforehand.</span>
        </p>
      )}
      <p className={decision.undo}>{plan.undo}</p>
      <CommandLine command={plan.commandLine} />
    </>
  )
}
