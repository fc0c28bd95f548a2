import type { StartupStep } from '#shared/contract/index.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import styles from './startup-steps.module.css'

const marks = {
  pending: 'unknown',
  running: 'unknown',
  skipped: 'unknown',
  passed: 'healthy',
  done: 'healthy',
  warned: 'degraded',
  failed: 'unhealthy',
} as const

const words = {
  pending: 'not yet',
  running: 'under way',
  skipped: 'left out',
  passed: 'as it should be',
  done: 'done',
  warned: 'to be looked at',
  failed: 'failed',
} as const

/** The steps of a start with what was found in each: those that need an eye are open, the others can be opened. */
export function StartupSteps({ steps }: { readonly steps: readonly StartupStep[] }) {
  return (
    <ul className={styles.steps}>
      {steps.map((step) => (
        <Step key={step.id} step={step} />
      ))}
    </ul>
  )
}

function Step({ step }: { readonly step: StartupStep }) {
  const { title, state, sentence, ms, lines } = step
  const head = (
    <>
      <HealthMark health={marks[state]} label={words[state]} />
      <span className={styles.title}>{title}</span>
      <span className={styles.found}>{sentence}</span>
      <span className="number dim">{ms === null ? '' : duration(ms)}</span>
    </>
  )
  if (lines.length === 0) {
    return (
      <li data-state={state}>
        <div className={styles.head}>{head}</div>
      </li>
    )
  }
  return (
    <li data-state={state}>
      <details open={state === 'warned' || state === 'failed' || state === 'running'}>
        <summary className={styles.head}>{head}</summary>
        <ul className={styles.lines}>
          {lines.map((line) => (
            <li key={line.id} className={styles.line} data-state={line.state}>
              <HealthMark health={marks[line.state]} label={words[line.state]} />
              <span className={styles.title}>{line.title}</span>
              <span className={styles.found}>{line.sentence}</span>
            </li>
          ))}
        </ul>
      </details>
    </li>
  )
}
