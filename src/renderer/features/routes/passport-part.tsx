import { Button } from '@mantine/core'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { PassportRoute, StoredMessage } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import styles from './passport-part.module.css'
import { Outcome } from './route-outcome.tsx'

const marks: Readonly<Record<PassportRoute['stages'][number]['result'], Mark>> = {
  passed: 'healthy',
  filtered: 'unknown',
  quarantined: 'unhealthy',
  'counted when it came': 'unknown',
}

/** The passport of a message: through which routes it goes, stage by stage, and what comes out. As the routes are written now. */
export function PassportPart({ message }: { readonly message: StoredMessage }) {
  const { link } = usePage()
  const [routes, setRoutes] = useState<readonly PassportRoute[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [running, setRunning] = useState(false)
  const ask = async () => {
    setRunning(true)
    setProblem(null)
    try {
      setRoutes((await link.calls.routes.passport({ message })).routes)
    } catch (error) {
      setProblem(toConsoleError(error).problem)
    } finally {
      setRunning(false)
    }
  }
  if (problem) return <PanelBody content={{ state: 'failed', problem, retry: () => void ask() }} />
  if (routes === null) {
    return (
      <Button onClick={() => void ask()} loading={running}>
        Show each stage
      </Button>
    )
  }
  if (routes.length === 0) return <p className="dim">No route matches this topic.</p>
  return (
    <ol className={styles.passport} aria-label="Passport">
      {routes.map((route) => (
        <li key={route.route}>
          <strong>{route.title}</strong> <span className="dim">from</span> <code>{route.from}</code>
          {!route.on && <span className="dim"> (off)</span>}
          <PassportStages route={route} />
        </li>
      ))}
    </ol>
  )
}

/** The stages of one route, and what comes out of it. */
export function PassportStages({ route }: { readonly route: PassportRoute }) {
  return (
    <ol className={styles.stages}>
      {route.stages.map((stage) => (
        <li key={stage.stage}>
          <HealthMark health={marks[stage.result]} label={stage.result} size={10} /> {stage.stage}{' '}
          <span className="dim">{stage.result}</span>
          <code className={styles.rule}>{stage.rule}</code>
          {stage.said !== null && <code className={styles.said}>{stage.said}</code>}
        </li>
      ))}
      <li>
        <Outcome outcome={route.outcome} />
        {route.onward.map(({ topic, route: next }) => (
          <div key={`${topic} ${next}`} className="dim">
            then route {next} takes in <code>{topic}</code>
          </div>
        ))}
      </li>
    </ol>
  )
}
