import { Link } from 'react-router'
import styles from '../../app/calm-page.module.css'

/** A page that is announced and not built: what it will do, and what does that job until then. */
export interface AnnouncedPage {
  readonly path: string
  readonly title: string
  readonly will: readonly string[]
  readonly until: { readonly words: string; readonly page: string; readonly pageTitle: string }
}

export const announced: readonly AnnouncedPage[] = [
  {
    path: '/alerts',
    title: 'Alerts',
    will: [
      'Rules on health, figures and messages that call a person, with escalation and quiet hours.',
      'One alert for one cause, however many services suffer from it.',
    ],
    until: {
      words: 'Until then, whatever needs a person is shown under Needs attention:',
      page: '/',
      pageTitle: 'Overview',
    },
  },
  {
    path: '/metrics',
    title: 'Metrics',
    will: [
      'The history of the machine, the services and the messages, from minutes to months.',
      'Figures that services report themselves, with thresholds and trends.',
    ],
    until: { words: 'Until then, current figures are on the', page: '/', pageTitle: 'Overview' },
  },
]

/** Says honestly what will be here and that it is not yet. */
export function NotYet({ title, will, until }: AnnouncedPage) {
  return (
    <div className={styles.page}>
      <h1>{title}: not yet available</h1>
      <p>This version of Wheelhouse cannot do this yet. It will:</p>
      <ul>
        {will.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <p>
        {until.words} <Link to={until.page}>{until.pageTitle}</Link>.
      </p>
    </div>
  )
}
