import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { DrillPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import decision from '../actions/decision-dialog.module.css'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import steps from '../actions/recover-dialog.module.css'
import styles from './drill-dialog.module.css'
import { drillActWords } from './drill-words.ts'

/** Says what a drill breaks, whom that touches, what may be lost and how to end it, before it is done. */
export function DrillDialog({
  drill,
  onClose,
  onStarted,
}: {
  readonly drill: string
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const view = useEntity('drills', drill)
  const plan = useQuery({
    queryKey: ['drill-plan', drill],
    queryFn: () => link.calls.drills.plan({ drill }),
    gcTime: 0,
    staleTime: 0,
  })
  const act = async () => {
    const started = await run((calls) => calls.drills.run({ drill }))
    if (!started) {
      // Refused most likely because something changed meanwhile: show what is true now.
      void plan.refetch()
      return
    }
    onStarted(started.job)
    onClose()
  }
  const refused = plan.error !== null || (plan.data?.refusal ?? null) !== null
  return (
    <DecisionDialog
      title={`Drill: ${view?.title ?? drill}?`}
      safe={refused ? 'Close' : 'Leave it in peace'}
      act={refused || !view ? null : drillActWords(view)}
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
              ? { state: 'loading', waitsFor: 'Working out what this touches. Nothing is touched yet.' }
              : { state: 'ready' }
        }
      >
        {plan.data && <PlanView plan={plan.data} />}
      </PanelBody>
    </DecisionDialog>
  )
}

function PlanView({ plan }: { readonly plan: DrillPlan }) {
  return (
    <>
      {plan.refusal !== null && (
        <p className={steps.warning} role="alert">
          <HealthMark health="degraded" label="warning" />
          <span>Not now: {plan.refusal}</span>
        </p>
      )}
      <p>{plan.sentence}</p>
      <ol className={steps.steps} aria-label="What is done">
        {plan.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <ul className={styles.touched} aria-label="Services that will be touched">
        {plan.services.map((service) => (
          <Touched key={service.id} {...service} />
        ))}
      </ul>
      <p>
        <strong>At risk:</strong> {plan.risk}
      </p>
      <p className={decision.undo}>{plan.undo}</p>
      <CommandLine command={plan.commandLine} />
    </>
  )
}

function Touched({ id, why }: DrillPlan['services'][number]) {
  const service = useEntity('services', id)
  return (
    <li>
      <HealthMark health={service?.health ?? 'unknown'} />
      <span className={styles.id}>{id}</span>
      <span className="dim">{why}</span>
    </li>
  )
}
