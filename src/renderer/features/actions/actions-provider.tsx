import { type ReactNode, useCallback, useMemo, useState } from 'react'
import { useAction } from '../../state/use-action.tsx'
import { KeyDialog } from '../backups/encryption/key-dialog.tsx'
import { DeleteSnapshotDialog, PruneDialog } from '../backups/keeping-dialogs.tsx'
import { RetentionDialog } from '../backups/retention-dialog.tsx'
import { DrillDialog } from '../drills/drill-dialog.tsx'
import { type Actions, ActionsContext, type Ask } from './asking.ts'
import { OpenSiteDialog } from './open-site-dialog.tsx'
import { RecoverDatabaseDialog } from './recover-database-dialog.tsx'
import { RecoverStoreDialog } from './recover-store-dialog.tsx'
import { ResetSampleDialog } from './reset-sample-dialog.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import { CheckStoreDialog, CopyStoreDialog } from './store-care-dialogs.tsx'
import { TouchDialog } from './touch-dialog.tsx'
import { UnitDialog } from './unit-dialog.tsx'
import { WatchedJobs } from './watched-jobs.tsx'

/** Holds the one dialog that is open and the jobs that were started from here; everything beneath may start actions. */
export function ActionsProvider({ children }: { readonly children: (watched: ReactNode) => ReactNode }) {
  const [asked, setAsked] = useState<Ask | null>(null)
  const [watched, setWatched] = useState<readonly string[]>([])
  const { run } = useAction()
  const close = useCallback(() => setAsked(null), [])
  const watch = useCallback((job: string) => setWatched((jobs) => [...jobs.filter((other) => other !== job), job]), [])
  const forget = useCallback((job: string) => setWatched((jobs) => jobs.filter((other) => other !== job)), [])
  const actions: Actions = useMemo(
    () => ({
      ask: setAsked,
      watch,
      backUp: (kind) =>
        void run((calls) => calls.backups.create({ kind, note: '' })).then((started) => {
          if (started) watch(started.job)
        }),
      rehearse: (snapshot) =>
        void run((calls) => calls.rehearsals.run({ snapshot, keep: false })).then((started) => {
          if (started) watch(started.job)
        }),
    }),
    [run, watch],
  )
  return (
    <ActionsContext value={actions}>
      {children(<WatchedJobs jobs={watched} onForget={forget} />)}
      {asked && <AskedDialog asked={asked} onClose={close} onStarted={watch} />}
    </ActionsContext>
  )
}

function AskedDialog({
  asked,
  onClose,
  onStarted,
}: {
  readonly asked: Ask
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  switch (asked.type) {
    case 'services':
      return <TouchDialog action={asked.action} service={asked.service} onClose={onClose} onStarted={onStarted} />
    case 'unit':
      return <UnitDialog verb={asked.verb} service={asked.service} onClose={onClose} onStarted={onStarted} />
    case 'restore':
      return <RestoreDialog what={asked} onClose={onClose} onStarted={onStarted} />
    case 'undo':
      return <RestoreDialog what="undo" onClose={onClose} onStarted={onStarted} />
    case 'check-store':
      return <CheckStoreDialog database={asked.database} onClose={onClose} onStarted={onStarted} />
    case 'copy-store':
      return <CopyStoreDialog onClose={onClose} onStarted={onStarted} />
    case 'recover-store':
      return <RecoverStoreDialog database={asked.database} onClose={onClose} onStarted={onStarted} />
    case 'recover-database':
      return <RecoverDatabaseDialog service={asked.service} onClose={onClose} onStarted={onStarted} />
    case 'prune':
      return <PruneDialog onClose={onClose} onStarted={onStarted} />
    case 'delete-snapshot':
      return <DeleteSnapshotDialog snapshot={asked.snapshot} onClose={onClose} onStarted={onStarted} />
    case 'retention':
      return <RetentionDialog onClose={onClose} onStarted={onStarted} />
    case 'backup-key':
      return <KeyDialog what={asked.what} onClose={onClose} />
    case 'drill':
      return <DrillDialog drill={asked.drill} onClose={onClose} onStarted={onStarted} />
    case 'reset-sample':
      return <ResetSampleDialog onClose={onClose} />
    case 'open-site':
      return <OpenSiteDialog onClose={onClose} />
  }
}
