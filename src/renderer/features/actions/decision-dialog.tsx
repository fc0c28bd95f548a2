import { Button } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import styles from './decision-dialog.module.css'

/**
 * Asks before something is done. The safe button has the focus when the act is destructive or cannot be done yet; the other one names the
 * act.
 */
export function DecisionDialog({
  title,
  safe,
  act,
  onAct,
  onClose,
  busy = false,
  ready = true,
  destructive = true,
  wide = false,
  children,
}: {
  readonly title: string
  /** The words on the safe button: what stays as it is. */
  readonly safe: string
  /** The words on the button that does it; null when there is nothing to do. */
  readonly act: string | null
  readonly onAct: () => void
  readonly onClose: () => void
  readonly busy?: boolean
  /** Whether what will be touched is known, so that the act may be done. */
  readonly ready?: boolean
  readonly destructive?: boolean
  readonly wide?: boolean
  readonly children: ReactNode
}) {
  const safeButton = useRef<HTMLButtonElement>(null)
  const possible = act !== null && ready && !busy
  // A button that goes away or can no longer be pressed loses the focus; the keyboard must not be lost behind the dialog with it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at whenever the act becomes possible or impossible.
  useEffect(() => {
    if (!document.activeElement?.closest('[role=dialog]')) safeButton.current?.focus()
  }, [possible])
  return (
    <Dialog onClose={onClose} title={title} size={wide ? 720 : 520}>
      <div className={styles.body}>{children}</div>
      <div className={styles.buttons}>
        <Button
          ref={safeButton}
          size="sm"
          onClick={onClose}
          data-autofocus={destructive || act === null || !ready || undefined}
        >
          {safe}
        </Button>
        {act !== null && (
          <Button
            size="sm"
            variant="filled"
            {...(destructive && { className: `${styles.destructive}` })}
            onClick={onAct}
            disabled={!ready || busy}
            data-autofocus={!destructive || undefined}
          >
            {act}
          </Button>
        )}
      </div>
    </Dialog>
  )
}
