import { SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes } from '../../components/figures.ts'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { type CheckKind, checkWords, type DatabaseName, storeCommands } from '../diagnose/store-words.ts'
import decision from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'

/** Asks which database of the store is checked, and how thoroughly. Nothing is touched by it. */
export function CheckStoreDialog({
  database,
  onClose,
  onStarted,
}: {
  /** `null`: the operator chooses. */
  readonly database: DatabaseName | null
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const { busy, run } = useAction()
  const [name, setName] = useState<DatabaseName>(database ?? 'control')
  const [kind, setKind] = useState<CheckKind>('full')
  const act = async () => {
    const started = await run((calls) => calls.store.check({ database: name, kind }))
    if (!started) return
    onStarted(started.job)
    onClose()
  }
  return (
    <DecisionDialog
      title={database === null ? 'Check the store?' : `Check the ${database} database?`}
      safe="Not now"
      act={`Check ${name}, ${kind}`}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      destructive={false}
    >
      {database === null && <DatabaseChoice value={name} onChange={setName} />}
      <SegmentedControl
        aria-label="How thoroughly"
        value={kind}
        onChange={(value) => setKind(value === 'quick' ? 'quick' : 'full')}
        data={[
          { value: 'quick', label: 'Quick' },
          { value: 'full', label: 'Full' },
        ]}
      />
      <p>{checkWords[kind]}</p>
      <p className={decision.undo}>
        It runs in a process of its own, beside everything else, and can be cancelled. What is found damaged is
        recovered at once: set aside for 14 days, with the newest good copy in its place. Found whole, nothing is
        touched.
      </p>
      <CommandLine command={storeCommands.check(name, kind)} />
    </DecisionDialog>
  )
}

/** Asks which database of the store is copied. Nothing is touched by it. */
export function CopyStoreDialog({
  onClose,
  onStarted,
}: {
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const store = useEntity('store', 'store')
  const { busy, run } = useAction()
  const [name, setName] = useState<DatabaseName>('control')
  const size = store?.databases.find((database) => database.name === name)?.bytes
  const act = async () => {
    const started = await run((calls) => calls.store.copy({ database: name }))
    if (!started) return
    onStarted(started.job)
    onClose()
  }
  return (
    <DecisionDialog
      title="Copy the store?"
      safe="Not now"
      act={`Copy ${name} now`}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      destructive={false}
    >
      <DatabaseChoice value={name} onChange={setName} />
      <p>
        Takes a copy of the database as it is now, then opens and checks it before it counts.
        {size !== undefined && ` It takes about ${bytes(size)} on the disk.`}
      </p>
      <p className={decision.undo}>Nothing is changed. The oldest copies make room for new ones.</p>
      <CommandLine command={storeCommands.copy(name)} />
    </DecisionDialog>
  )
}

function DatabaseChoice({
  value,
  onChange,
}: {
  readonly value: DatabaseName
  readonly onChange: (name: DatabaseName) => void
}) {
  return (
    <SegmentedControl
      aria-label="Which database"
      value={value}
      onChange={(chosen) => onChange(chosen === 'messages' ? 'messages' : 'control')}
      data={[
        { value: 'control', label: 'Control' },
        { value: 'messages', label: 'Messages' },
      ]}
    />
  )
}
