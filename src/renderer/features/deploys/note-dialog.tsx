import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { shellWord } from '#shared/shell-word.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { DecisionDialog } from '../actions/decision-dialog.tsx'

/** Writes the note beside a release; an empty one takes it away. */
export function NoteDialog({
  id,
  note,
  onClose,
}: {
  readonly id: string
  readonly note: string
  readonly onClose: () => void
}) {
  const [text, setText] = useState(note)
  const { busy, run } = useAction()
  const ready = text.trim() !== note
  const act = async () => {
    if (!(await run((calls) => calls.releases.note({ release: id, note: text.trim() })))) return
    tellDone(text.trim() === '' ? `${id} has no note any more.` : `The note beside ${id} was written.`)
    onClose()
  }
  return (
    <DecisionDialog
      title={`Note beside ${id}`}
      safe="Cancel"
      act="Write the note"
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={ready}
      destructive={false}
    >
      <TextInput
        label="Note"
        description="Stands beside the release. Empty: none."
        value={text}
        maxLength={500}
        data-autofocus
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          // Else the button that gets the focus back would be pressed by the same key.
          event.preventDefault()
          if (ready && !busy) void act()
        }}
      />
      <CommandLine command={`wheelhouse releases note ${id} ${text.trim() === '' ? "''" : shellWord(text.trim())}`} />
    </DecisionDialog>
  )
}
