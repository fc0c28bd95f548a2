import { Button } from '@mantine/core'
import type { DrillView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { csv } from '../../components/export-text.ts'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel } from '../../components/panel.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { useEntity, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { CancelJob } from '../actions/watched-jobs.tsx'
import { Why } from '../why/why.tsx'
import { inOrder, markOfRun, stateWords } from './drill-words.ts'
import styles from './drills-panel.module.css'

/** Every drill that can be done, what came of the last of each, and the button that does it. */
export function DrillsPanel() {
  const drills = inOrder(useSlice('drills'))
  return (
    <Panel
      title="Drills"
      flush
      aside={drills.length > 0 && <ListTools what="drills" file="drills.csv" text={() => asCsv(drills)} />}
      content={
        drills.length === 0
          ? { state: 'empty', sentence: 'None: the site has no service that one could be done to.' }
          : { state: 'ready' }
      }
    >
      <div className={styles.scroll}>
        <table className={`${table.table} ${table.still}`} aria-label="Drills">
          <thead>
            <tr>
              <th>Drill</th>
              <th>Last</th>
              <th className={table.right}>Noticed</th>
              <th className={table.right}>Recovered</th>
              <th className={table.second}>Trend</th>
              <th className={table.second}>Next</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {drills.map((drill) => (
              <DrillRow key={drill.id} drill={drill} />
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.foot}>
        <CommandLine command="wheelhouse drill list" />
      </div>
    </Panel>
  )
}

function DrillRow({ drill }: { readonly drill: DrillView }) {
  const { ask } = useActions()
  const job = useEntity('jobs', drill.job ?? undefined)
  const { last } = drill
  return (
    <tr>
      <td className={table.grow} title={drill.declared ? `${drill.id}, from site.yaml` : drill.id}>
        <span className={styles.name}>{drill.title}</span> <span className="dim">{drill.id}</span>
      </td>
      <td title={last?.verdict}>
        {job?.state === 'running' ? (
          <>
            <HealthMark health="maintenance" label="" /> running
          </>
        ) : last ? (
          <>
            <HealthMark health={markOfRun(last.state)} label="" /> {stateWords(last.state)}{' '}
            <span className="dim">
              <Age at={last.at} />
            </span>{' '}
            <Why subject={`drill:${drill.id}`} about={drill.title} />
          </>
        ) : (
          <span className="dim">never done</span>
        )}
      </td>
      <td className={table.right}>{measured(last?.detectMs)}</td>
      <td className={table.right}>{measured(last?.recoverMs)}</td>
      <td className={`${table.second} ${styles.trend}`}>
        {drill.trend.length > 1 ? (
          <Sparkline
            values={drill.trend}
            label={`Time to recover of the last ${drill.trend.length}: ${drill.trend.map((ms) => duration(ms)).join(', ')}`}
            height={18}
            slots={19}
          />
        ) : (
          <span className="dim">–</span>
        )}
      </td>
      <td className={table.second}>
        {drill.nextAt === null ? <span className="dim">on request</span> : <Time at={drill.nextAt} />}
      </td>
      <td className={table.right}>
        {job?.state === 'running' ? (
          <CancelJob job={job} />
        ) : (
          <Button
            size="compact-xs"
            onClick={() => ask({ type: 'drill', drill: drill.id })}
            aria-label={`Run… ${drill.title}`}
          >
            Run…
          </Button>
        )}
      </td>
    </tr>
  )
}

function measured(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : duration(ms)
}

function asCsv(drills: readonly DrillView[]): string {
  return csv(
    ['drill', 'what', 'service', 'last', 'noticed ms', 'recovered ms', 'last at', 'verdict'],
    drills.map(({ id, title, service, last }) => [
      id,
      title,
      service,
      last?.state ?? '',
      last?.detectMs ?? '',
      last?.recoverMs ?? '',
      last ? new Date(last.at).toISOString() : '',
      last?.verdict ?? '',
    ]),
  )
}
