import { Tooltip } from '@mantine/core'
import { useEntity, useSite } from '../state/use-shown.ts'
import styles from './environment-badge.module.css'

/**
 * What this run of the console is for, and what it leaves out: on every screen, so that nobody takes a test for the site itself. Nothing in
 * production with all services, which is how a site usually runs.
 */
export function EnvironmentBadge() {
  const environment = useEntity('console', 'console')?.environment.name
  const left = useSite()?.leftOut ?? []
  if (environment === undefined || (environment === 'production' && left.length === 0)) return null
  const words = left.length === 0 ? null : left.length === 1 ? `without ${left[0]?.service}` : `${left.length} left out`
  return (
    <Tooltip multiline w={340} label={<span className={styles.explanation}>{explanation(environment, left)}</span>}>
      {/* Focusable, so that the explanation can be read without a mouse. */}
      <button
        type="button"
        className={styles.badge}
        data-environment={environment}
        aria-label={`Environment: ${environment}${words ? `, ${words}` : ''}`}
      >
        {environment !== 'production' && <span>{environment}</span>}
        {words && <span className={styles.left}>{words}</span>}
      </button>
    </Tooltip>
  )
}

const meanings = {
  development:
    'Verbose logs, developer tools, relaxed limits; the profile development of site.yaml where there is one.',
  production: 'The site as it usually runs.',
  testing:
    'This is a copy of the site: what is written here is thrown away when the console ends. Probes and restarts are faster.',
} as const

function explanation(environment: keyof typeof meanings, left: readonly { service: string; why: string }[]): string {
  return [meanings[environment], ...left.map(({ service, why }) => `${service}: ${why}`)].join('\n')
}
