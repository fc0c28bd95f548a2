import { CommandLine } from '../../components/command-line.tsx'
import { bytes, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Time } from '../../components/time.tsx'
import decision from '../actions/decision-dialog.module.css'
import { PlannedDialog } from '../actions/planned-dialog.tsx'
import styles from './keeping.module.css'

/** Shows what a prune would free before it is done. */
export function PruneDialog({
  onClose,
  onStarted,
}: {
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  return (
    <PlannedDialog
      title="Prune the backups?"
      queryKey={['prune-plan']}
      load={(calls) => calls.keeping.planPrune()}
      waitsFor="Looking at what every snapshot needs. Nothing is touched."
      words={(plan) =>
        plan && plan.bytes + plan.saved + plan.waiting.bytes === 0
          ? { safe: 'Close', act: null }
          : { safe: 'Leave them as they are', act: 'Free what no snapshot needs' }
      }
      begin={(calls) => calls.keeping.prune()}
      onClose={onClose}
      onStarted={onStarted}
    >
      {({ packs, bytes: size, rewritten, saved, waiting, notes }) => (
        <>
          <p>
            Frees <strong>{bytes(size + saved)}</strong> now: {counted(packs, 'pack')} removed,{' '}
            {counted(rewritten, 'pack')} written anew without waste. No snapshot loses anything.
          </p>
          {waiting.bytes > 0 && (
            <p>
              {bytes(waiting.bytes)} more are not needed and stay for now, so that a mistake of the rules can still be
              noticed
              {waiting.until === null ? (
                ': too small a share of their packs.'
              ) : (
                <>
                  ; the first of it until <Time at={waiting.until} />.
                </>
              )}
            </p>
          )}
          {notes.map((note) => (
            <p key={note} className={styles.warning}>
              <HealthMark health="degraded" label="warning" /> {note}
            </p>
          ))}
          <p className={decision.undo}>Refused while a backup or restore runs; none begins meanwhile.</p>
          <CommandLine command="wheelhouse backups prune" />
        </>
      )}
    </PlannedDialog>
  )
}

/** Says what deleting one snapshot means. The last verified one cannot be deleted. */
export function DeleteSnapshotDialog({
  snapshot,
  onClose,
  onStarted,
}: {
  readonly snapshot: string
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  return (
    <PlannedDialog
      title="Delete this snapshot?"
      queryKey={['removal-plan', snapshot]}
      load={(calls) => calls.keeping.planRemoval({ snapshot })}
      waitsFor="Looking at what only this snapshot needs. Nothing is touched."
      words={(plan) => ({ safe: 'Keep it', act: plan?.refused === null ? 'Delete the snapshot' : null })}
      begin={(calls) => calls.keeping.remove({ snapshot })}
      onClose={onClose}
      onStarted={onStarted}
    >
      {(plan) => (
        <>
          <p>{plan.sentence}</p>
          {plan.warnings.map((warning) => (
            <p key={warning} className={styles.warning}>
              <HealthMark health="degraded" label="warning" /> {warning}
            </p>
          ))}
          {plan.refused === null && <p className={decision.undo}>This cannot be undone.</p>}
          <CommandLine command={plan.commandLine} />
        </>
      )}
    </PlannedDialog>
  )
}
