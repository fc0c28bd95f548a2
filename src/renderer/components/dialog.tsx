import { Modal } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import styles from './dialog.module.css'

/**
 * Over the page until it is closed. The focus goes back to where it was: whoever works with the keyboard goes on from the button
 * that asked.
 */
export function Dialog({
  title,
  size,
  onClose,
  children,
}: {
  readonly title: string
  /** Pixels across. */
  readonly size: number
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  // Taken while it is drawn first: an effect would already find the focus in here.
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      // The trap of the dialog lets go of the focus in this very moment.
      queueMicrotask(() => {
        if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
      })
    },
    [before],
  )
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': 'Close' }}
      classNames={{ title: `${styles.title}` }}
    >
      {children}
    </Modal>
  )
}
