import { ActionIcon } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef } from 'react'
import styles from './drawer.module.css'

/** Beside the page, never over it: the selected thing. Escape closes it. */
export function Drawer({
  title,
  label,
  onClose,
  children,
}: {
  readonly title: ReactNode
  /** Its name for a screen reader. */
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
}) {
  const latest = useRef(onClose)
  latest.current = onClose
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return
      // Whatever lies over the page closes first.
      if ([...document.querySelectorAll(overlays)].some((overlay) => overlay.checkVisibility())) return
      // Nobody else closes or clears anything on the same press.
      event.preventDefault()
      latest.current()
    }
    // While capturing, and heard before every overlay that opens later: one that closes on the same key is still there to be seen.
    window.addEventListener('keydown', close, { capture: true })
    return () => window.removeEventListener('keydown', close, { capture: true })
  }, [])
  return (
    <aside className={styles.drawer} aria-label={label}>
      <header className={styles.head}>
        <div className={styles.title}>{title}</div>
        <ActionIcon aria-label="Close (Escape)" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      <div className={styles.body}>{children}</div>
    </aside>
  )
}

const overlays = '[role="dialog"], [role="menu"], .mantine-Combobox-dropdown, .mantine-Popover-dropdown'

/** A titled part of a drawer. */
export function DrawerPart({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** Names and values, one line each. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
