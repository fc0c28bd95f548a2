import { Button } from '@mantine/core'
import { Link } from 'react-router'
import type { SnapshotView } from '#shared/contract/index.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count, duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, useSiteTime } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { Why } from '../why/why.tsx'
import styles from './snapshot-drawer.module.css'
import { kindWords, purposeOf } from './snapshot-words.ts'
import { RehearsedMark, VerifiedMark } from './verified-mark.tsx'

/** One snapshot: what is in it, whether it was read back, and what may be done with it. */
export function SnapshotDrawer({
  id,
  snapshot,
  onClose,
}: {
  readonly id: string
  readonly snapshot: SnapshotView | undefined
  readonly onClose: () => void
}) {
  const { ask, rehearse, watch } = useActions()
  const { busy, run } = useAction()
  const format = useSiteTime()
  const keeping = useEntity('keeping', 'keeping')
  if (!snapshot) {
    return (
      <Drawer title="Snapshot" label="Snapshot" onClose={onClose}>
        <p>
          There is no snapshot <code>{id}</code>. It may have been let go by the rules of keeping.
        </p>
      </Drawer>
    )
  }
  const verify = async () => {
    const started = await run((calls) => calls.backups.verify({ snapshot: id }))
    if (started) watch(started.job)
  }
  return (
    <Drawer title={format.full(snapshot.at)} label={`Snapshot ${id}`} onClose={onClose}>
      <p className={styles.lead}>
        {kindWords[snapshot.kind]} snapshot, <Age at={snapshot.at} />. {purposeOf(snapshot)}
      </p>
      {snapshot.partial && (
        <p className={styles.warning}>
          <HealthMark health="degraded" label="warning" /> Partial: something was missing or damaged when it was taken.
          It restores exactly that state.
        </p>
      )}
      <div className={styles.actions}>
        <Button variant="filled" onClick={() => ask({ type: 'restore', snapshot: id })}>
          Restore…
        </Button>
        <Button component={Link} to={`/backups/${id}/files`}>
          Browse…
        </Button>
        <Button disabled={busy} onClick={() => void verify()}>
          Verify
        </Button>
        {snapshot.kind !== 'restore-point' && (
          <Button
            title="Restore it into a sandbox beside the site, start it there, and see whether it comes up."
            onClick={() => rehearse(id)}
          >
            Rehearse
          </Button>
        )}
        <Button
          disabled={busy}
          title={
            snapshot.pinned ? 'Let the rules of keeping apply again.' : 'Keep it, whatever the rules of keeping say.'
          }
          onClick={() => void run((calls) => calls.backups.pin({ snapshot: id, pinned: !snapshot.pinned }))}
        >
          {snapshot.pinned ? 'Unpin' : 'Pin'}
        </Button>
        <Button disabled={busy} onClick={() => ask({ type: 'delete-snapshot', snapshot: id })}>
          Delete…
        </Button>
      </div>
      <DrawerPart title="Contents">
        <Facts
          facts={[
            [
              'verified',
              <span key="verified">
                <VerifiedMark snapshot={snapshot} /> <Why subject={`snapshot:${id}`} about={id} />
              </span>,
            ],
            ...(snapshot.verified ? [['', snapshot.verified.note] as const] : []),
            ['rehearsed', <RehearsedMark key="rehearsed" snapshot={snapshot} />],
            ...(snapshot.rehearsed ? [['', snapshot.rehearsed.note] as const] : []),
            ['files', count(snapshot.files)],
            ['size', bytes(snapshot.bytes)],
            ['added', `${bytes(snapshot.added)} new in the repository`],
            ['databases', count(snapshot.databases)],
            ['took', duration(snapshot.durationMs)],
            ...(snapshot.release === null ? [] : [['release', snapshot.release] as const]),
            [
              'id',
              <span key="id">
                <code>{id}</code> <CopyButton text={id} what="id" />
              </span>,
            ],
          ]}
        />
      </DrawerPart>
      <DrawerPart title="Kept because">
        <ul className={styles.warnings}>
          {(keeping?.reasons[id] ?? []).map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
          {keeping?.remove.includes(id) && <li>No rule keeps it: the next scheduled backup removes it.</li>}
        </ul>
      </DrawerPart>
      {snapshot.warnings.length > 0 && (
        <DrawerPart title="Warnings">
          <ul className={styles.warnings}>
            {snapshot.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </DrawerPart>
      )}
      <DrawerPart title="On the command line">
        <CommandLine label="restore" command={`wheelhouse restore ${id}`} />
        <CommandLine label="browse" command={`wheelhouse backups ls ${id}`} />
        <CommandLine label="verify" command={`wheelhouse verify ${id}`} />
        <CommandLine label="rehearse" command={`wheelhouse backups rehearse ${id}`} />
        <CommandLine label="pin" command={`wheelhouse backups ${snapshot.pinned ? 'unpin' : 'pin'} ${id}`} />
        <CommandLine label="delete" command={`wheelhouse backups delete ${id}`} />
      </DrawerPart>
    </Drawer>
  )
}
