import { Popover } from '@mantine/core'
import { Link } from 'react-router'
import type { SiteView } from '#shared/contract/index.ts'
import { Sparkline } from '../../components/sparkline.tsx'
import styles from './score.module.css'

const trends = { rising: '↗ rising', steady: '→ steady', falling: '↘ falling' } as const

/** How well the site is as a number, where it is going, and what takes points away. */
export function Score({ score }: { readonly score: SiteView['score'] }) {
  const { value, trend, history, lowered } = score
  if (value === null) return null
  return (
    <Popover width={360} position="bottom-end" disabled={lowered.length === 0} withRoles={false}>
      <Popover.Target>
        <button
          type="button"
          className={styles.score}
          aria-label={`Score ${value} of 100${trend ? `, ${trend}` : ''}${lowered.length > 0 ? '. Shows what lowers it.' : ''}`}
        >
          <span className={styles.value}>
            {value}
            <span className="dim">/100</span>
          </span>
          {history.length > 1 && (
            <Sparkline
              values={history}
              top={100}
              label={`Score of the last ${history.length} minutes`}
              width={72}
              height={18}
            />
          )}
          {trend && <span className="dim">{trends[trend]}</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={styles.lowered} aria-label="What lowers the score">
          {lowered.slice(0, 8).map(({ page, title, points, reason }) => (
            <li key={`${page} ${title}`}>
              <span className="number">−{points}</span>
              <span>
                <Link to={page}>{title}</Link> <span className="dim">{reason}</span>
              </span>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  )
}
