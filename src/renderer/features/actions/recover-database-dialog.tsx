import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { RecoveryPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { recoverDatabaseActWords } from './act-words.ts'
import decision from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'
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
  const { link } = usePage()
  const { busy, run } = useAction()
  const plan = useQuery({
    queryKey: ['recovery-plan', service],
    queryFn: () => link.calls.databases.planRecovery({ service }),
    gcTime: 0,
    staleTime: 0,
  })
  const act = async () => {
    const started = await run((calls) => calls.databases.recover({ service }))
    if (!started) {
      // Refused most likely because something changed meanwhile: show what is true now.
      void plan.refetch()
      return
    }
    onStarted(started.job)
    onClose()
  }
  return (
    <DecisionDialog
      title={`Recover ${service}?`}
      safe="Leave it as it is"
      act={plan.error ? null : recoverDatabaseActWords(service, plan.data)}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={plan.data !== undefined && !plan.isFetching}
    >
      <PanelBody
        content={
          plan.error
            ? { state: 'failed', problem: toConsoleError(plan.error).problem, retry: () => void plan.refetch() }
            : plan.isPending
              ? { state: 'loading', waitsFor: 'Looking at the database and its copies. Nothing is touched.' }
              : { state: 'ready' }
        }
      >
        {plan.data && <PlanView plan={plan.data} />}
      </PanelBody>
    </DecisionDialog>
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
