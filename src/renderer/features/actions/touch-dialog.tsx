import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { ServiceAction, Touch } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody, type PanelContent } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { serviceActWords } from './act-words.ts'
import styles from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'

/** Says which services an action will start, stop or restart, and why, before it does. */
export function TouchDialog({
  action,
  service,
  onClose,
  onStarted,
}: {
  readonly action: ServiceAction
  readonly service: string | undefined
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const preview = useQuery({
    queryKey: ['preview', action, service],
    queryFn: () => link.calls.services.preview({ action, ...(service !== undefined && { service }) }),
    gcTime: 0,
  })
  const emergency = action === 'emergency-stop'
  const act = serviceActWords(action, service, preview.data)
  const perform = async () => {
    if (emergency) {
      const done = await run((calls) => calls.services.emergencyStop())
      if (!done) return
      tellDone(
        `Emergency stop: ${done.killed} ${done.killed === 1 ? 'process was' : 'processes were'} killed in ${Math.round(done.ms)} ms.`,
      )
      onClose()
      return
    }
    const started = await run((calls) => startAction(calls.services, action, service))
    if (!started) return
    onStarted(started.job)
    onClose()
  }
  const starts = action === 'start' || action === 'start-all'
  return (
    <DecisionDialog
      title={titleOf(action, service)}
      safe={act === null ? 'Close' : starts ? 'Not now' : action === 'restart' ? 'Leave it as it is' : 'Keep running'}
      act={act}
      onAct={() => void perform()}
      onClose={onClose}
      busy={busy}
      // In an emergency nothing is waited for.
      ready={emergency || preview.data !== undefined}
      destructive={!starts}
    >
      <PanelBody content={contentOf(preview)}>{preview.data && <TouchList touch={preview.data} />}</PanelBody>
    </DecisionDialog>
  )
}

function TouchList({ touch }: { readonly touch: Touch }) {
  return (
    <>
      <p>{touch.sentence}</p>
      {touch.services.length > 0 && (
        <ul className={styles.touched} aria-label="Services that will be touched">
          {touch.services.map((entry) => (
            <TouchedService key={entry.id} {...entry} />
          ))}
        </ul>
      )}
      {touch.routes.length > 0 && (
        <ul className={styles.touched} aria-label="Routes that will be touched">
          {touch.routes.map(({ id, why }) => (
            <li key={id}>
              <span />
              <span className={styles.what}>route</span>
              <span className={styles.id}>{id}</span>
              <span className="dim">{why}</span>
            </li>
          ))}
        </ul>
      )}
      {touch.services.length > 0 && <p className={styles.undo}>{touch.undo}</p>}
      <CommandLine command={touch.commandLine} />
    </>
  )
}

function TouchedService({ id, what, why }: Touch['services'][number]) {
  const service = useEntity('services', id)
  return (
    <li>
      <HealthMark health={service?.health ?? 'unknown'} />
      <span className={styles.what}>{what}</span>
      <span className={styles.id}>{id}</span>
      <span className="dim">{why}</span>
    </li>
  )
}

function contentOf(query: {
  readonly isPending: boolean
  readonly error: Error | null
  readonly refetch: () => unknown
}): PanelContent {
  if (query.error) {
    return { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
  }
  return query.isPending ? { state: 'loading', waitsFor: 'Working out what this touches.' } : { state: 'ready' }
}

function titleOf(action: ServiceAction, service: string | undefined): string {
  switch (action) {
    case 'start':
      return `Start ${service}?`
    case 'stop':
      return `Stop ${service}?`
    case 'restart':
      return `Restart ${service}?`
    case 'start-all':
      return 'Start all services?'
    case 'stop-all':
      return 'Stop all services?'
    case 'emergency-stop':
      return 'Emergency stop?'
  }
}

/** The calls that {@link TouchDialog} may make. */
type ServiceCalls = ReturnType<typeof usePage>['link']['calls']['services']

function startAction(
  calls: ServiceCalls,
  action: ServiceAction,
  service: string | undefined,
): Promise<{ job: string }> {
  switch (action) {
    case 'start-all':
      return calls.startAll()
    case 'stop-all':
      return calls.stopAll()
    case 'start':
    case 'stop':
    case 'restart':
      return calls[action]({ service: service ?? '' })
    case 'emergency-stop':
      throw new Error('An emergency stop is no job.')
  }
}
