import type { ReactNode } from 'react'
import styles from './page-frame.module.css'

/** A page that fills the window: its heading with actions, what it lists, and beside it the drawer of the selected thing. */
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
  return (
    <div className={styles.frame}>
      <div className={styles.page}>
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
