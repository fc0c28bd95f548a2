import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useId } from 'react'
import type { Problem } from '#shared/problem.ts'
import { useLinkStatus } from '../state/use-link.ts'
import styles from './panel.module.css'
import { Sentence } from './sentence.tsx'
import { Age } from './time.tsx'
import { Waiting, type WayOut } from './waiting.tsx'

/** What a panel has to show: its content, or one of the five ways of not having it. */
export type PanelContent =
  | { readonly state: 'ready' }
  /** A skeleton of the real layout comes as the children. */
  | { readonly state: 'loading'; readonly waitsFor: string; readonly wayOut?: WayOut }
  /** What it will show, and how to get there. */
  | { readonly state: 'empty'; readonly sentence: ReactNode; readonly action?: ReactNode }
  | { readonly state: 'failed'; readonly problem: Pick<Problem, 'message' | 'remedy'>; readonly retry?: () => void }
  /** Shown, but not all of it: what was left out, and how to narrow. */
  | { readonly state: 'too-much'; readonly sentence: ReactNode }

/** A titled piece of a page. Greys itself, with its age, while the console is out of reach. */
export function Panel({
  title,
  aside,
  content = { state: 'ready' },
  children,
  flush = false,
  className,
}: {
  readonly title: ReactNode
  /** Beside the title, at the right. */
  readonly aside?: ReactNode
  readonly content?: PanelContent
  readonly children?: ReactNode
  /** No padding: for tables and lists. */
  readonly flush?: boolean
  readonly className?: string | undefined
}) {
  const id = useId()
  const link = useLinkStatus()
  const stale = link.phase !== 'connected' && link.lastHeardAt !== null
  return (
    <section className={`${styles.panel} ${className ?? ''}`} aria-labelledby={id} data-stale={stale || undefined}>
      <header className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {stale && link.lastHeardAt !== null && (
          <span className={styles.stale}>
            as of <Age at={link.lastHeardAt} />
          </span>
        )}
        {aside !== undefined && <div className={styles.aside}>{aside}</div>}
      </header>
      <div className={flush ? styles.flush : styles.body}>
        <PanelBody content={content}>{children}</PanelBody>
      </div>
    </section>
  )
}

/** The five states without the frame, for lists that fill a page. */
export function PanelBody({ content, children }: { readonly content: PanelContent; readonly children?: ReactNode }) {
  switch (content.state) {
    case 'ready':
      return children
    case 'loading':
      return (
        <>
          {children ?? <SkeletonLines />}
          <Waiting what={content.waitsFor} {...(content.wayOut && { wayOut: content.wayOut })} />
        </>
      )
    case 'empty':
      return (
        <div className={styles.empty}>
          <p>{content.sentence}</p>
          {content.action}
        </div>
      )
    case 'failed':
      return (
        <div className={styles.failed} role="alert">
          <p>
            <Sentence text={content.problem.message} />
          </p>
          <p className="dim">
            <Sentence text={content.problem.remedy} />
          </p>
          {content.retry && <Button onClick={content.retry}>Try again</Button>}
        </div>
      )
    case 'too-much':
      return (
        <>
          {children}
          <p className={styles.more}>{content.sentence}</p>
        </>
      )
  }
}

/** Grey lines where text will be. */
export function SkeletonLines({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className={styles.skeleton} aria-hidden="true">
      {widths.slice(0, lines).map((width) => (
        <div key={width} style={{ width }} />
      ))}
    </div>
  )
}
const widths = ['92%', '64%', '78%', '55%', '83%', '70%', '60%', '88%', '74%', '50%']
