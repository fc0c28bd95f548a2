import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { counted } from '../../components/figures.ts'
import { Panel } from '../../components/panel.tsx'
import { Age } from '../../components/time.tsx'
import { useEntity, useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { ProofLight } from '../rehearsals/proof-light.tsx'
import styles from './do-panel.module.css'

/** The three things a technician comes for, each with the figure that it changes. */
export function DoPanel() {
  const { ask, backUp } = useActions()
  const backups = useEntity('backups', 'backups')
  const points = useSelected('snapshots', (snapshots) => Object.keys(snapshots).length)
  const active = useSelected('releases', (releases) => Object.values(releases).find(({ state }) => state === 'active'))
  const backingUp = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && job.kind === 'backup.create'),
  )
  const rehearsing = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && /^backup\.(rehearse|verify)$/.test(job.kind)),
  )
  const restoring = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && job.kind.startsWith('restore')),
  )
  return (
    <Panel title="Do">
      <div className={styles.buttons}>
        <div>
          <Button
            fullWidth
            size="sm"
            px={6}
            variant="filled"
            disabled={backingUp || rehearsing || restoring}
            onClick={() => backUp('full')}
          >
            {backingUp ? 'Backing up…' : 'Back up now'}
          </Button>
          <p>
            {backups?.lastAt == null ? (
              'never yet'
            ) : (
              <>
                last <Age at={backups.lastAt} />
              </>
            )}
          </p>
        </div>
        <div>
          <Button
            fullWidth
            size="sm"
            px={6}
            disabled={points === 0 || backingUp || rehearsing || restoring}
            onClick={() => ask({ type: 'restore', snapshot: null })}
          >
            Restore…
          </Button>
          <p>{points === 0 ? 'none yet' : counted(points, 'point')}</p>
        </div>
        <div>
          <Button fullWidth size="sm" px={6} component={Link} to="/deploys?deploy">
            Deploy…
          </Button>
          <p>{active ? `release ${active.version ?? active.id}` : 'none yet'}</p>
        </div>
      </div>
      <div className={styles.proof}>
        <ProofLight />
      </div>
    </Panel>
  )
}
