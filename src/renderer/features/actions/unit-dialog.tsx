import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { HandOverPlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import decision from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'
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
  const { link } = usePage()
  const { busy, run } = useAction()
  const view = useQuery({
    queryKey: ['unit', service],
    queryFn: () => link.calls.services.unit({ service }),
    gcTime: 0,
    staleTime: 0,
  })
  const plan = view.data?.[verb] ?? null
  const act = async () => {
    const started = await run((calls) => calls.services[verb]({ service }))
    if (!started) {
      // Refused most likely because something changed meanwhile: show what is true now.
      void view.refetch()
      return
    }
    onStarted(started.job)
    onClose()
  }
  const isPossible = view.isPending || (plan !== null && plan.refusal === null)
  return (
    <DecisionDialog
      title={verb === 'adopt' ? `Take ${service} over from systemd?` : `Give ${service} back to systemd?`}
      safe="Leave it as it is"
      act={isPossible ? `${verb === 'adopt' ? 'Adopt' : 'Release'} ${service}` : null}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={plan !== null && !view.isFetching}
    >
      <PanelBody
        content={
          view.error
            ? { state: 'failed', problem: toConsoleError(view.error).problem, retry: () => void view.refetch() }
            : view.isPending
              ? { state: 'loading', waitsFor: 'Asking systemd. Nothing is touched.' }
              : { state: 'ready' }
        }
      >
        {view.data && (plan ? <Plan plan={plan} /> : <p>There is nothing to do: {view.data.sentence}</p>)}
      </PanelBody>
    </DecisionDialog>
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
