import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { shellWord } from '#shared/shell-word.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useActions } from '../actions/asking.ts'
import { DecisionDialog } from '../actions/decision-dialog.tsx'

/** Makes a snapshot of an archive that lies on the console's machine. */
export function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const { watch } = useActions()
  const { busy, run } = useAction()
  const [file, setFile] = useState('')
  const [note, setNote] = useState('')
  const absolute = /^(\/|[A-Za-z]:\\)/.test(file)
  const act = async () => {
    const started = await run((calls) => calls.backups.copies.import({ file, note }))
    if (!started) return
    watch(started.job)
    onClose()
  }
  return (
    <DecisionDialog
      title="Import a .tar.gz as a snapshot"
      safe="Cancel"
      act="Import"
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={absolute}
      destructive={false}
    >
      <p>
        The archive is unpacked apart, checked and taken as a snapshot of this site, pinned. Nothing of the site is
        touched; it can be browsed and restored like any other.
      </p>
      <TextInput
        label="File on the console’s machine"
        placeholder="/media/usb/site.tar.gz"
        value={file}
        data-autofocus
        error={file === '' || absolute ? undefined : 'Write the whole path.'}
        onChange={(event) => setFile(event.currentTarget.value)}
      />
      <TextInput
        label="Note"
        description="For whoever restores it."
        value={note}
        maxLength={400}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <CommandLine command={`wheelhouse backups import ${file === '' ? 'FILE' : shellWord(file)}`} />
    </DecisionDialog>
  )
}
