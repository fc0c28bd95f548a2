import { Button, Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import { type AttemptView, attemptResultSchema } from '#shared/contract/index.ts'
import { csv } from '../../components/export-text.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel, type PanelContent } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useSelected } from '../../state/use-shown.ts'
import { resultMark, resultWords, subjectPage, subjectWords } from './policy-words.ts'
import styles from './recovery.module.css'

const pageSize = 100

/** Everything that recovery did, or was kept from doing, newest first. */
export function AttemptsPanel() {
  const { link } = usePage()
  const [policy, setPolicy] = useState<string | null>(null)
  const [result, setResult] = useState<string | null>(null)
  const known = useSelected(
    'recovery',
    (slice) => Object.values(slice).map(({ id, title }) => ({ value: id, label: title })),
    (a, b) => JSON.stringify(a) === JSON.stringify(b),
  )
  // An attempt that ends changes what is listed.
  const newest = useSelected('recovery', (slice) =>
    Math.max(0, ...Object.values(slice).map(({ last }) => last?.at ?? 0)),
  )
  const chosen = attemptResultSchema.options.find((each) => each === result)
  const first: number | undefined = undefined
  const query = useInfiniteQuery({
    queryKey: ['recovery-history', policy, result, newest],
    initialPageParam: first,
    queryFn: ({ pageParam }: { pageParam: number | undefined }) =>
      link.calls.recovery.history({
        limit: pageSize,
        ...(policy !== null && { policy }),
        ...(chosen !== undefined && { result: chosen }),
        ...(pageParam !== undefined && { before: pageParam }),
      }),
    getNextPageParam: (page) => (page.more ? page.attempts.at(-1)?.seq : undefined),
    staleTime: 0,
    placeholderData: (before) => before,
  })
  const attempts = query.data?.pages.flatMap((page) => page.attempts) ?? []
  return (
    <Panel
      title="What was done"
      flush
      aside={
        <div className={styles.filters}>
          <Select
            aria-label="Only of this policy"
            placeholder="All policies"
            data={known}
            value={policy}
            onChange={setPolicy}
            clearable
            clearButtonProps={{ 'aria-label': 'All policies again' }}
          />
          <Select
            aria-label="Only with this result"
            placeholder="All results"
            data={attemptResultSchema.options.map((each) => ({ value: each, label: resultWords[each] }))}
            value={result}
            onChange={setResult}
            clearable
            clearButtonProps={{ 'aria-label': 'All results again' }}
          />
          <ListTools what="attempts" file="recovery.csv" text={() => asCsv(attempts)} />
        </div>
      }
      content={contentOf(query, attempts.length, policy !== null || result !== null)}
    >
      <table
        className={`${table.table} ${table.still} ${styles.attempts}`}
        aria-label="Attempts of recovery, newest first"
      >
        <thead>
          <tr>
            <th>When</th>
            <th>Result</th>
            <th>On</th>
            <th className={table.second}>Policy</th>
            <th className={`${table.right} ${table.third}`}>Took</th>
            <th className={table.grow}>What and why</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <Attempt key={attempt.id} attempt={attempt} />
          ))}
        </tbody>
      </table>
      {query.hasNextPage && (
        <Button variant="subtle" onClick={() => void query.fetchNextPage()} disabled={query.isFetching}>
          Show older ones
        </Button>
      )}
    </Panel>
  )
}

function Attempt({ attempt }: { readonly attempt: AttemptView }) {
  const { result } = attempt
  return (
    <tr>
      <td>
        <Time at={attempt.at} />
      </td>
      <td>
        <HealthMark health={result === null ? 'degraded' : resultMark[result]} label="" />{' '}
        {result === null ? 'under way' : resultWords[result]}
      </td>
      <td>
        <Link to={subjectPage(attempt.subject)}>{subjectWords(attempt.subject)}</Link>
      </td>
      <td className={table.second}>
        <Link to={`/recovery/${attempt.policy}`}>{attempt.policy}</Link>
        <span className="dim">{attempt.manual ? ' by hand' : ` step ${attempt.step + 1}`}</span>
      </td>
      <td className={`${table.right} ${table.third}`}>{attempt.ms === null ? '' : duration(attempt.ms)}</td>
      <td className={styles.what}>
        <Sentence text={attempt.sentence ?? ''} />{' '}
        <span className="dim">
          Because: <Sentence text={attempt.why} />
        </span>{' '}
        {attempt.event !== null && <Link to={`/timeline/${attempt.event}`}>On the timeline</Link>}
      </td>
    </tr>
  )
}

function contentOf(
  query: { readonly isError: boolean; readonly error: unknown; readonly isPending: boolean; refetch(): unknown },
  count: number,
  filtered: boolean,
): PanelContent {
  if (query.isError) {
    return { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
  }
  if (query.isPending) return { state: 'loading', waitsFor: 'Reading what recovery has done.' }
  if (count > 0) return { state: 'ready' }
  return {
    state: 'empty',
    sentence: filtered
      ? 'Nothing that this filter lets through.'
      : 'Recovery has done nothing so far. Each step that it does is listed here with its cause and result.',
  }
}

function asCsv(attempts: readonly AttemptView[]): string {
  return csv(
    ['at', 'policy', 'subject', 'step', 'action', 'result', 'ms', 'by hand', 'sentence', 'why'],
    attempts.map((each) => [
      new Date(each.at).toISOString(),
      each.policy,
      each.subject,
      String(each.step + 1),
      each.action,
      each.result ?? '',
      String(each.ms ?? ''),
      each.manual ? 'yes' : 'no',
      each.sentence ?? '',
      each.why,
    ]),
  )
}
