import { useQuery } from '@tanstack/react-query'
import { toConsoleError } from '#shared/client/index.ts'
import type { RestorePlan } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes, count, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { restoreActWords } from './act-words.ts'
import decision from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'
import styles from './restore-dialog.module.css'

/** Shows what a restore, or an undo, will change; does it only with exactly that plan. */
export function RestoreDialog({
  what,
  onClose,
  onStarted,
}: {
  /** A snapshot's id, `null` for the newest good one, or the last restore to be undone. */
  readonly what: { readonly snapshot: string | null } | 'undo'
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const undo = what === 'undo'
  const plan = useQuery({
    queryKey: ['restore-plan', what],
    queryFn: () => (undo ? link.calls.backups.planUndo() : link.calls.backups.plan({ snapshot: what.snapshot })),
    gcTime: 0,
    staleTime: 0,
  })
  const act = async () => {
    const shown = plan.data
    if (!shown) return
    const { fingerprint, snapshot } = shown
    const started = await run((calls) =>
      undo ? calls.backups.undo({ fingerprint }) : calls.backups.restore({ snapshot, fingerprint }),
    )
    if (!started) {
      // Refused most likely because the site changed meanwhile: show what is true now.
      void plan.refetch()
      return
    }
    onStarted(started.job)
    onClose()
  }
  const words = plan.data ? restoreActWords(plan.data) : 'Restore'
  return (
    <DecisionDialog
      title={undo ? 'Undo the last restore?' : 'Restore this backup?'}
      safe="Keep everything as it is"
      act={undo ? `Undo: ${words.charAt(0).toLowerCase()}${words.slice(1)}` : words}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={plan.data !== undefined && !plan.isFetching}
      wide
    >
      <PanelBody
        content={
          plan.error
            ? { state: 'failed', problem: toConsoleError(plan.error).problem, retry: () => void plan.refetch() }
            : plan.isPending
              ? { state: 'loading', waitsFor: 'Comparing the snapshot with the site. Nothing is touched.' }
              : { state: 'ready' }
        }
      >
        {plan.data && <PlanView plan={plan.data} />}
      </PanelBody>
    </DecisionDialog>
  )
}

function PlanView({ plan }: { readonly plan: RestorePlan }) {
  const short = plan.freeBytes !== null && plan.freeBytes < plan.bytes
  return (
    <>
      <p>{plan.sentence}</p>
      <dl className={styles.figures}>
        <Figure name="add" value={count(plan.add)} />
        <Figure name="change" value={count(plan.change)} />
        <Figure name="delete" value={count(plan.delete)} />
        <Figure name="to write" value={bytes(plan.bytes)} />
        {plan.freeBytes !== null && <Figure name="free on the disk" value={bytes(plan.freeBytes)} />}
      </dl>
      {plan.services.length > 0 && (
        <p>
          Stops and starts again: <strong>{plan.services.join(', ')}</strong>
        </p>
      )}
      {[...(short ? ['There is not enough room on the disk for this restore.'] : []), ...plan.warnings].map(
        (warning) => (
          <p key={warning} className={styles.warning}>
            <HealthMark health="degraded" label="warning" /> {warning}
          </p>
        ),
      )}
      {plan.entries.length > 0 && (
        <div className={styles.entries} style={{ height: Math.min(8, plan.entries.length) * 24 + 2 }}>
          <VirtualList
            rows={plan.entries}
            rowKey={(entry) => entry.path}
            label="Files that will be touched"
            rowHeight={24}
          >
            {(entry) => (
              <div className={styles.entry}>
                <span className={styles.what}>{entry.what}</span>
                <code className={styles.path} title={entry.path}>
                  {entry.path}
                </code>
                <span className="number">{entry.what === 'delete' ? '' : bytes(entry.bytes)}</span>
              </div>
            )}
          </VirtualList>
        </div>
      )}
      {plan.hidden > 0 && (
        <p className="dim">{counted(plan.hidden, 'more file')} not listed here; they are counted above.</p>
      )}
      <p className={decision.undo}>{plan.undo}</p>
      <CommandLine command={plan.commandLine} />
    </>
  )
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
