import { Button } from '@mantine/core'
import { CopyButton } from '../../components/command-line.tsx'
import { counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useSite } from '../../state/use-shown.ts'
import styles from './config-problems.module.css'

/** The mistakes in site.yaml, each with its place, its sentence and its remedy, and the button that reads the file again. */
export function ConfigProblems() {
  const site = useSite()
  const { busy, run } = useAction()
  if (!site) return null
  const { problems, valid, loadedAt } = site.config
  const reload = async () => {
    const answer = await run((calls) => calls.site.reload())
    if (answer?.valid) tellDone('site.yaml was read again and is valid.')
  }
  return (
    <Panel
      title={valid ? 'Configuration' : counted(problems.length, 'problem')}
      aside={
        <>
          read <Time at={loadedAt} />
          <Button size="compact-xs" disabled={busy} onClick={() => void reload()}>
            {busy ? 'Reading…' : 'Reload'}
          </Button>
        </>
      }
    >
      {problems.length === 0 ? (
        <p className={styles.fine}>
          <HealthMark health={valid ? 'healthy' : 'unknown'} label="" />{' '}
          {valid ? 'site.yaml is valid.' : 'No problem is listed.'}
        </p>
      ) : (
        <ol className={styles.problems} aria-label="Problems in site.yaml">
          {problems.map((problem) => {
            const place = placeOf(problem)
            return (
              <li key={`${problem.code} ${place} ${problem.path}`}>
                <HealthMark health="unhealthy" label="problem" />
                <div>
                  <p className={styles.sentence}>{problem.message}</p>
                  <p className="dim">{problem.remedy}</p>
                  <p className={styles.place}>
                    <code>{place}</code> <CopyButton text={place} what="place" />
                    {problem.path !== '' && <code className="dim">{problem.path}</code>}
                  </p>
                </div>
              </li>
            )
          })}
        </ol>
      )}
    </Panel>
  )
}

function placeOf(problem: {
  readonly file: string
  readonly line: number | null
  readonly column: number | null
}): string {
  return [problem.file, problem.line, problem.column].filter((part) => part !== null).join(':')
}
