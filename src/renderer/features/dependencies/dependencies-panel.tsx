import { Link, useNavigate } from 'react-router'
import type { DependencyView } from '#shared/contract/index.ts'
import { csv } from '../../components/export-text.ts'
import { count, counted, duration } from '../../components/figures.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Age } from '../../components/time.tsx'
import { useSlice } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import styles from './dependencies.module.css'
import { breakerWords, dependencyHealth } from './dependency-words.ts'

/** What services call over HTTP, through the console. Nothing while site.yaml declares none. */
export function DependenciesPanel({ selected }: { readonly selected: string | undefined }) {
  const slice = useSlice('dependencies')
  const all = Object.values(slice).toSorted((a, b) => a.title.localeCompare(b.title))
  if (all.length === 0) return null
  return (
    <Panel
      title="Dependencies"
      className={styles.panel}
      flush
      aside={<ListTools what="dependencies" file="dependencies.csv" text={() => asCsv(all)} />}
    >
      <table className={table.table} aria-label="Dependencies">
        <thead>
          <tr>
            <th>Dependency</th>
            <th>Breaker</th>
            <th className={table.grow}>Reason</th>
            <th className={`${table.right} ${table.second}`}>Since</th>
            <th className={`${table.right} ${table.second}`} title="Calls that it answered, of all.">
              Answered
            </th>
            <th className={`${table.right} ${table.third}`} title="99 of 100 answers began within this time.">
              p99
            </th>
            <th className={table.third}>Used by</th>
          </tr>
        </thead>
        <tbody>
          {all.map((dependency) => (
            <Row key={dependency.id} dependency={dependency} selected={dependency.id === selected} />
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

/** How many of them are in trouble, and the way to the worst: the list lies below what may be a long one. Nothing while all is well. */
export function DependencyTrouble() {
  const slice = useSlice('dependencies')
  const troubled = Object.values(slice)
    .filter((dependency) => !isWell(dependencyHealth(dependency)))
    .toSorted((a, b) => Number(a.state === 'isolated') - Number(b.state === 'isolated') || b.since - a.since)
  const [worst] = troubled
  if (!worst) return null
  return (
    <Link to={`/services/dependency/${worst.id}`}>
      {counted(troubled.length, 'dependency', 'dependencies')} in trouble.
    </Link>
  )
}

function isWell(health: Mark): boolean {
  return health === 'healthy' || health === 'unknown'
}

function Row({ dependency, selected }: { readonly dependency: DependencyView; readonly selected: boolean }) {
  const { id, title, state, sentence, since, figures, users } = dependency
  const navigate = useNavigate()
  const health = dependencyHealth(dependency)
  return (
    <tr aria-selected={selected} onClick={() => void navigate(`/services/dependency/${id}`)}>
      <td className={table.name}>
        <HealthMark health={health} /> <Link to={`/services/dependency/${id}`}>{title}</Link>
      </td>
      <td>{breakerWords[state]}</td>
      <td className={table.grow}>
        <div className={table.withWhy}>
          <span className="dim" title={sentence}>
            {sentence}
          </span>
          <Why subject={`dependency:${id}`} about={id} />
        </div>
      </td>
      <td className={`${table.right} ${table.second}`}>
        <Age at={since} />
      </td>
      <td className={`${table.right} ${table.second}`}>
        {count(figures.ends.answered)} <span className="dim">of {count(figures.calls)}</span>
      </td>
      <td className={`${table.right} ${table.third}`}>{figures.p99 === 0 ? '–' : duration(figures.p99)}</td>
      <td className={table.third}>
        {users.map(({ service }) => service).join(', ') || <span className="dim">nobody</span>}
      </td>
    </tr>
  )
}

function asCsv(all: readonly DependencyView[]): string {
  return csv(
    [
      'dependency',
      'title',
      'url',
      'breaker',
      'since',
      'reason',
      'calls',
      'answered',
      'fallback',
      'failed',
      'p50 ms',
      'p99 ms',
      'used by',
    ],
    all.map(({ id, title, url, state, since, sentence, figures, users }) => [
      id,
      title,
      url,
      state,
      new Date(since).toISOString(),
      sentence,
      figures.calls,
      figures.ends.answered,
      figures.ends.fallback,
      figures.ends.failed,
      figures.p50,
      figures.p99,
      users.map(({ service }) => service).join(' '),
    ]),
  )
}
