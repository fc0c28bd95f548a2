import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { DrillRun } from '#shared/contract/index.ts'
import { csv } from '../../components/export-text.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useSelected } from '../../state/use-shown.ts'
import { markOfRun, stateWords } from './drill-words.ts'
import styles from './drills-panel.module.css'

/** What was measured in the last hundred drills, newest first. */
export function DrillHistoryPanel() {
  const { link } = usePage()
  // Asked anew when one has begun or ended.
  const newest = useSelected('drills', (drills) =>
    Object.values(drills)
      .map(({ job, last }) => `${job}${last?.id}${last?.endedAt}`)
      .join(' '),
  )
  const history = useQuery({
    queryKey: ['drill-history', newest],
    queryFn: () => link.calls.drills.history({}),
    placeholderData: (before) => before,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const runs = history.data?.runs.filter(({ state }) => state !== 'running') ?? []
  return (
    <Panel
      title="What was measured"
      flush
      aside={runs.length > 0 && <ListTools what="drills done" file="drill-history.csv" text={() => asCsv(runs)} />}
      content={
        history.error
          ? { state: 'failed', problem: toConsoleError(history.error).problem, retry: () => void history.refetch() }
          : history.isPending
            ? { state: 'loading', waitsFor: 'Waiting for what was measured.' }
            : runs.length === 0
              ? {
                  state: 'empty',
                  sentence: 'No drill was done yet. Each one stands here with its times and its verdict.',
                }
              : { state: 'ready' }
      }
    >
      <div className={styles.scroll}>
        <table className={`${table.table} ${table.still}`} aria-label="Drills done">
          <thead>
            <tr>
              <th>At</th>
              <th>Drill</th>
              <th>Result</th>
              <th className={table.right}>Noticed</th>
              <th className={table.right}>Recovered</th>
              <th>Verdict</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <td>
                  <Time at={run.at} />
                </td>
                <td title={run.drill}>{run.title}</td>
                <td>
                  <HealthMark health={markOfRun(run.state)} label="" /> {stateWords(run.state)}
                </td>
                <td className={table.right}>{run.detectMs === null ? '–' : duration(run.detectMs)}</td>
                <td className={table.right}>{run.recoverMs === null ? '–' : duration(run.recoverMs)}</td>
                <td className={styles.verdict}>
                  {verdictOf(run)} <Link to={`/timeline?operation=${encodeURIComponent(run.id)}`}>On the timeline</Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

/** The times stand beside it already: of one that passed, what noticed it and what put it right says more. */
function verdictOf({ state, verdict, detectedBy, recoveredBy, lost }: DrillRun): string {
  const how = state === 'completed' ? [detectedBy, recoveredBy] : [verdict]
  return [...how, lost].filter((each) => each !== null).join(' ')
}

function asCsv(runs: readonly DrillRun[]): string {
  return csv(
    ['at', 'drill', 'service', 'result', 'noticed ms', 'recovered ms', 'restarts', 'verdict', 'lost'],
    runs.map((run) => [
      new Date(run.at).toISOString(),
      run.drill,
      run.service,
      run.state,
      run.detectMs ?? '',
      run.recoverMs ?? '',
      run.restarts,
      run.verdict,
      run.lost ?? '',
    ]),
  )
}
