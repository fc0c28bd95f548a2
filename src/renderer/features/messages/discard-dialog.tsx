import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { CommandLine } from '../../components/command-line.tsx'
import { Dialog } from '../../components/dialog.tsx'
import styles from './recordings/recordings.module.css'

/** Asks before messages are given up: it cannot be undone. */
export function DiscardDialog({
  act,
  command,
  busy,
  onDiscard,
  onClose,
  children,
}: {
  /** What is done, as its button says it. */
  readonly act: string
  readonly command: string
  readonly busy: boolean
  readonly onDiscard: () => void
  readonly onClose: () => void
  /** What goes, and what stays. */
  readonly children: ReactNode
}) {
  return (
    <Dialog title={act} size={480} onClose={onClose}>
      <p>{children} It cannot be undone.</p>
      <CommandLine command={command} />
      <div className={styles.buttons}>
        <Button size="sm" data-autofocus onClick={onClose}>
          Keep
        </Button>
        <Button size="sm" disabled={busy} onClick={onDiscard}>
          {act}
        </Button>
      </div>
    </Dialog>
  )
}
