import type { RouteOutcome } from '#shared/contract/index.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'
import styles from './route-outcome.module.css'

const marks: Readonly<Record<RouteOutcome['result'], Mark>> = {
  passed: 'healthy',
  filtered: 'unknown',
  limited: 'unknown',
  merged: 'healthy',
  'not matched': 'unknown',
  quarantined: 'unhealthy',
}

/** What a route makes of one message: its result, why, and what each target would be given. */
export function Outcome({ outcome }: { readonly outcome: RouteOutcome }) {
  return (
    <div className={styles.outcome}>
      <div>
        <HealthMark health={marks[outcome.result]} label={outcome.result} size={10} /> {outcome.result}
        {outcome.reason !== null && <span className="dim">: {outcome.reason}</span>}
      </div>
      {outcome.outputs.map((output) => (
        <div key={output.target} className={styles.output}>
          <span className="dim">{output.target}</span>
          <code>
            {output.payload === '' ? '(empty)' : output.payload}
            {output.cut && '…'}
          </code>
        </div>
      ))}
    </div>
  )
}
