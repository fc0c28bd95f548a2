import { Button } from '@mantine/core'
import type { RecordingView } from '#shared/contract/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { bytes, counted } from '../../../components/figures.ts'
import { tellDone, useAction } from '../../../state/use-action.tsx'
import styles from './recordings.module.css'

/** Asks before a recording is deleted: it cannot be undone. */
export function DeleteDialog({
  recording,
  onClose,
}: {
  readonly recording: RecordingView
  readonly onClose: () => void
}) {
  const { busy, run } = useAction()
  const remove = async () => {
    if (!(await run((calls) => calls.recordings.delete({ recording: recording.id })))) return
    tellDone(`${recording.name} was deleted.`)
    onClose()
  }
  return (
    <Dialog title={`Delete ${recording.name}`} size={480} onClose={onClose}>
      <p>
        {counted(recording.messages, 'message')}, {bytes(recording.bytes)}, are deleted. It cannot be undone; export it
        before if it may still be needed.
      </p>
      <CommandLine command={`wheelhouse recording delete ${recording.id}`} />
      <div className={styles.buttons}>
        <Button size="sm" data-autofocus onClick={onClose}>
          Keep it
        </Button>
        <Button size="sm" disabled={busy} onClick={() => void remove()}>
          Delete {recording.name}
        </Button>
      </div>
    </Dialog>
  )
}
