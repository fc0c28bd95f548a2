import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Connection, toConsoleError } from '#shared/client/index.ts'
import { PanelBody } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { DecisionDialog } from './decision-dialog.tsx'

type Calls = Connection['calls']

export interface PlannedDialogProps<Plan> {
  readonly title: string
  /** Names the plan among what was asked for. */
  readonly queryKey: readonly unknown[]
  /** Asks for the plan: nothing is touched by it. */
  readonly load: (calls: Calls) => Promise<Plan>
  /** What is going on while it is asked for. */
  readonly waitsFor: string
  /** The words on the safe button and on the one that does it, null when it cannot be done; without a plan while it is asked for. */
  readonly words: (plan: Plan | undefined) => {
    readonly safe: string
    readonly act: string | null
    /** False while the operator has not yet agreed to what must be agreed to. */
    readonly agreed?: boolean
  }
  /** Does what was planned. Resolves with the job. */
  readonly begin: (calls: Calls, plan: Plan) => Promise<{ readonly job: string }>
  readonly wide?: boolean
  /** Above the plan, also while it is asked for: what decides which plan it is. */
  readonly head?: ReactNode
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
  /** Shows the plan. */
  readonly children: (plan: Plan) => ReactNode
}

/** Shows what something would do before it is done, and does it only with the plan that is shown. */
export function PlannedDialog<Plan>(props: PlannedDialogProps<Plan>) {
  const { queryKey, load, waitsFor, words, begin, onClose, onStarted, children } = props
  const { link } = usePage()
  const { busy, run } = useAction()
  const plan = useQuery({ queryKey, queryFn: () => load(link.calls), gcTime: 0, staleTime: 0 })
  const act = async () => {
    const shown = plan.data
    if (shown === undefined) return
    const started = await run((calls) => begin(calls, shown))
    if (!started) {
      // Refused most likely because something changed meanwhile: show what is true now.
      void plan.refetch()
      return
    }
    onStarted(started.job)
    onClose()
  }
  const { safe, act: does, agreed = true } = words(plan.data)
  return (
    <DecisionDialog
      title={props.title}
      safe={plan.error ? 'Close' : safe}
      act={plan.error ? null : does}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={plan.data !== undefined && !plan.isFetching && agreed}
      wide={props.wide ?? false}
    >
      {props.head}
      <PanelBody
        content={
          plan.error
            ? { state: 'failed', problem: toConsoleError(plan.error).problem, retry: () => void plan.refetch() }
            : plan.isPending
              ? { state: 'loading', waitsFor }
              : { state: 'ready' }
        }
      >
        {plan.data !== undefined && children(plan.data)}
      </PanelBody>
    </DecisionDialog>
  )
}
