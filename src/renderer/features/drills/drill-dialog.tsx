import type { DrillPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { useEntity } from '../../state/use-shown.ts'
import decision from '../actions/decision-dialog.module.css'
import { PlannedDialog } from '../actions/planned-dialog.tsx'
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
  const view = useEntity('drills', drill)
  return (
    <PlannedDialog
      title={`Drill: ${view?.title ?? drill}?`}
      queryKey={['drill-plan', drill]}
      load={(calls) => calls.drills.plan({ drill })}
      waitsFor="Working out what this touches. Nothing is touched yet."
      words={(plan) => {
        const isRefused = (plan?.refusal ?? null) !== null
        return {
          safe: isRefused ? 'Close' : 'Leave it in peace',
          act: isRefused || !view ? null : drillActWords(view),
        }
      }}
      begin={(calls) => calls.drills.run({ drill })}
      onClose={onClose}
      onStarted={onStarted}
    >
      {(plan) => <PlanView plan={plan} />}
    </PlannedDialog>
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
