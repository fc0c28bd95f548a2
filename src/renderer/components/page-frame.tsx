import { type ReactNode, useEffect, useRef } from 'react'
import styles from './page-frame.module.css'

/**
 * A page that fills the window: its heading with actions, what it lists, and beside it the drawer of the selected thing. The key
 * `/` goes to its first search.
 */
export function PageFrame({
  title,
  note,
  actions,
  tools,
  drawer,
  children,
}: {
  readonly title: string
  /** One line beside the title: counts, the zone of the times. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  /** Filters and searches, on a line of their own. */
  readonly tools?: ReactNode
  readonly drawer?: ReactNode
  readonly children: ReactNode
}) {
  const page = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const search = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const field = page.current?.querySelector<HTMLInputElement>('input[type="text"], input:not([type])')
      if (!field) return
      event.preventDefault()
      field.focus()
    }
    window.addEventListener('keydown', search)
    return () => window.removeEventListener('keydown', search)
  }, [])
  return (
    <div className={styles.frame}>
      <div className={styles.page} ref={page}>
        <header className={styles.head}>
          <h1>{title}</h1>
          {note !== undefined && <div className={styles.note}>{note}</div>}
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </header>
        {tools !== undefined && <div className={styles.tools}>{tools}</div>}
        <div className={styles.content}>{children}</div>
      </div>
      {drawer}
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
