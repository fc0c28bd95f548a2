import { Button, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useEntity, useSelected, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { RehearsalsPanel } from '../rehearsals/rehearsals-panel.tsx'
import { BackupJobs } from './backup-jobs.tsx'
import { BackupsSummary } from './backups-summary.tsx'
import { EncryptionPanel } from './encryption/encryption-panel.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { KeepingCards, KeepingPanel } from './keeping-panel.tsx'
import { SnapshotDrawer } from './snapshot-drawer.tsx'
import { SnapshotTable } from './snapshot-table.tsx'
import { TargetsPart } from './targets-part.tsx'

/** The snapshots of the site, and the three gestures: back up, restore, undo. */
export default function BackupsPage() {
  const { id } = useParams()
  const navigate = useNavigate()
  const [importing, setImporting] = useState(false)
  const { ask, backUp } = useActions()
  const backups = useEntity('backups', 'backups')
  const slice = useSlice('snapshots')
  const snapshots = Object.values(slice).sort((a, b) => b.at - a.at)
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some(
      (job) => job.state === 'running' && job.kind.startsWith('backup') && job.kind !== 'backup.copy',
    ),
  )
  const backingUp = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && job.kind === 'backup.create'),
  )
  // The console does one of the three at a time; a button that would only be refused says so beforehand. A copy is cut off for them.
  const restoring = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && job.kind.startsWith('restore')),
  )
  return (
    <PageFrame
      title="Backups"
      note={
        <>
          {snapshots.length === 0 ? 'No point' : counted(snapshots.length, 'point')} to go back to. <ZoneNote />
        </>
      }
      actions={
        <>
          <Button.Group>
            <Button variant="filled" disabled={busy || restoring} onClick={() => backUp('full')}>
              {backingUp ? 'Backing up…' : 'Back up now'}
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="filled" px={6} aria-label="Other kinds of backup" disabled={busy || restoring}>
                  <IconChevronDown size={14} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => backUp('full')}>Everything: code, configuration, data, logs</Menu.Item>
                <Menu.Item onClick={() => backUp('data')}>Configuration and data only</Menu.Item>
                <Menu.Item onClick={() => setImporting(true)}>Import a .tar.gz as a snapshot…</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Button.Group>
          <Button
            disabled={snapshots.length === 0 || busy || restoring}
            onClick={() => ask({ type: 'restore', snapshot: null })}
          >
            Restore…
          </Button>
          <Button
            disabled={!backups?.undo || busy || restoring}
            title={backups?.undo ? backups.undo.what : 'There is nothing to undo: no restore has been done.'}
            onClick={() => ask({ type: 'undo' })}
          >
            Undo…
          </Button>
        </>
      }
      drawer={
        id !== undefined && <SnapshotDrawer id={id} snapshot={slice[id]} onClose={() => void navigate('/backups')} />
      }
    >
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      <BackupJobs />
      <BackupsSummary />
      <KeepingCards />
      <RehearsalsPanel />
      <SnapshotTable snapshots={snapshots} selected={id} />
      <TargetsPart />
      <KeepingPanel busy={busy || restoring} />
      <EncryptionPanel />
    </PageFrame>
  )
}
