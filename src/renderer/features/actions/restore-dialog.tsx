import { Select } from '@mantine/core'
import { useState } from 'react'
import type { RestorePlan, SnapshotView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes, count, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { useSiteTime } from '../../components/time.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import { useSlice } from '../../state/use-shown.ts'
import { kindWords, purposeOf } from '../backups/snapshot-words.ts'
import { restoreActWords } from './act-words.ts'
import decision from './decision-dialog.module.css'
import { LossesPart } from './losses-part.tsx'
import { PlannedDialog } from './planned-dialog.tsx'
import styles from './restore-dialog.module.css'

/** Shows what a restore, or an undo, will change; does it only with exactly that plan. */
export function RestoreDialog({
  what,
  onClose,
  onStarted,
}: {
  /** A snapshot's id, `null` for the newest good one, or the last restore to be undone. */
  readonly what: { readonly snapshot: string | null; readonly paths?: readonly string[] } | 'undo'
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const undo = what === 'undo'
  // Asked for without naming one: the newest good one is shown, and another can be chosen here.
  const [chosen, setChosen] = useState<string | null>(null)
  const open = !undo && what.snapshot === null
  const asked = undo ? null : (what.snapshot ?? chosen)
  const paths = undo || what.paths === undefined ? null : [...what.paths]
  const words = (plan: RestorePlan | undefined) => {
    const act = plan ? restoreActWords(plan) : 'Restore'
    return {
      safe: 'Keep everything as it is',
      act: undo ? `Undo: ${act.charAt(0).toLowerCase()}${act.slice(1)}` : act,
    }
  }
  return (
    <PlannedDialog
      title={
        undo ? 'Undo the last restore?' : paths === null ? 'Restore this backup?' : 'Restore a part of this backup?'
      }
      queryKey={['restore-plan', what, chosen]}
      load={(calls) => (undo ? calls.backups.planUndo() : calls.backups.plan({ snapshot: asked, paths }))}
      waitsFor="Comparing the snapshot with the site. Nothing is touched."
      words={words}
      begin={(calls, { fingerprint, snapshot }) =>
        undo ? calls.backups.undo({ fingerprint }) : calls.backups.restore({ snapshot, paths, fingerprint })
      }
      onClose={onClose}
      onStarted={onStarted}
      wide
      head={open && <ChosenSnapshot value={chosen} onChange={setChosen} />}
    >
      {(plan) => <PlanView plan={plan} />}
    </PlannedDialog>
  )
}

/** Which snapshot: the newest good one, or any other. */
function ChosenSnapshot({
  value,
  onChange,
}: {
  readonly value: string | null
  readonly onChange: (snapshot: string | null) => void
}) {
  const format = useSiteTime()
  const snapshots = Object.values(useSlice('snapshots')).toSorted((a, b) => b.at - a.at)
  return (
    <Select
      label="Go back to"
      allowDeselect={false}
      data={[
        { value: '', label: 'The newest good snapshot' },
        ...snapshots.map((snapshot) => ({ value: snapshot.id, label: snapshotWords(snapshot, format.full) })),
      ]}
      value={value ?? ''}
      onChange={(chosen) => onChange(chosen === '' ? null : chosen)}
    />
  )
}

function snapshotWords(snapshot: SnapshotView, words: (at: number) => string): string {
  const doubt = snapshot.verified === null ? ', not verified' : snapshot.verified.ok ? '' : ', damaged'
  const purpose = purposeOf(snapshot)
  return `${words(snapshot.at)}, ${kindWords[snapshot.kind]}${doubt}${purpose === '' ? '' : `: ${purpose}`}`
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
      {plan.stops.length > 0 && (
        <ul className={styles.reasons}>
          {plan.stops.map(({ service, why }) => (
            <li key={service}>
              {service}: {why}
            </li>
          ))}
        </ul>
      )}
      {plan.notes.length > 0 && <p className="dim">{plan.notes.join(' ')}</p>}
      {[...(short ? ['There is not enough room on the disk for this restore.'] : []), ...plan.warnings].map(
        (warning) => (
          <p key={warning} className={styles.warning}>
            <HealthMark health="degraded" label="warning" /> {warning}
          </p>
        ),
      )}
      <LossesPart plan={plan} />
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
