import { Button } from '@mantine/core'
import { Fragment, useState } from 'react'
import { Link } from 'react-router'
import type { RehearsalRun } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import { useEntity, useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { ProofLight } from './proof-light.tsx'
import { markOfRun, markOfService, resultWords, serviceWords } from './rehearsal-words.ts'
import styles from './rehearsals.module.css'

/** How far the backups are proven, and what each rehearsal showed. */
export function RehearsalsPanel() {
  const { rehearse } = useActions()
  const view = useEntity('rehearsals', 'rehearsals')
  const [listed, setListed] = useState(false)
  const [open, setOpen] = useState<string | null>(null)
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && /^(backup|restore)\./.test(job.kind)),
  )
  if (!view) return null
  const { runs, job, light, nextAt, schedule, waiting } = view
  return (
    <Panel
      title="Proof by rehearsal"
      className={styles.panel}
      aside={
        <span className="dim">
          {schedule === null ? (
            'Not scheduled (backup.rehearse)'
          ) : nextAt === null ? (
            'Scheduled'
          ) : (
            <>
              Next <Time at={nextAt} />
            </>
          )}
        </span>
      }
    >
      <div className={styles.head}>
        <ProofLight />
        <div className={styles.tools}>
          {runs.length > 0 && (
            <Button variant="subtle" aria-expanded={listed} onClick={() => setListed(!listed)}>
              {listed ? 'Hide what was rehearsed' : `What was rehearsed (${runs.length})`}
            </Button>
          )}
          <Button
            disabled={busy || light === 'none'}
            title={light === 'none' ? 'There is no good snapshot to rehearse yet.' : view.commandLine}
            onClick={() => rehearse(null)}
          >
            {job === null ? 'Rehearse now' : 'Rehearsing…'}
          </Button>
        </div>
      </div>
      {waiting !== null && (
        <p>
          <HealthMark health="maintenance" label="waits" /> The rehearsal that is due waits: {waiting} It is tried again
          by itself.
        </p>
      )}
      {listed && runs.length > 0 && (
        <div className={styles.scroll}>
          <table className={`${table.table} ${table.still}`} aria-label="Rehearsals">
            <thead>
              <tr>
                <th>At</th>
                <th>Snapshot of</th>
                <th>Result</th>
                <th className={table.right}>Recovery</th>
                <th>What came of it</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <Fragment key={run.id}>
                  <tr>
                    <td>
                      <Time at={run.at} />
                    </td>
                    <td>
                      <Link to={`/backups/${run.snapshot}`}>
                        <Time at={run.snapshotAt} />
                      </Link>
                    </td>
                    <td className={styles.result}>
                      <HealthMark health={markOfRun(run)} label="" /> {resultWords(run)}
                    </td>
                    <td className={table.right}>{took(run.totalMs)}</td>
                    <td className={styles.sentence}>
                      {run.sentence}{' '}
                      <button
                        type="button"
                        className={styles.more}
                        aria-expanded={open === run.id}
                        onClick={() => setOpen(open === run.id ? null : run.id)}
                      >
                        {open === run.id ? 'Less' : 'Details'}
                      </button>
                    </td>
                  </tr>
                  {open === run.id && (
                    <tr>
                      <td colSpan={5} className={styles.details}>
                        <Details run={run} />
                      </td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {listed && <CommandLine command={view.commandLine} />}
    </Panel>
  )
}

/** Each service with what became of it, and what was otherwise than on site. */
function Details({ run }: { readonly run: RehearsalRun }) {
  return (
    <>
      <ul className={styles.services}>
        {run.services.map(({ id, title, result, sentence, log }) => (
          <li key={id}>
            <HealthMark health={markOfService(result)} label="" /> <b>{title}</b> {serviceWords[result]}
            {sentence !== '' && <span className="dim">: {sentence}</span>}
            {log.length > 0 && <pre className={styles.log}>{log.join('\n')}</pre>}
          </li>
        ))}
      </ul>
      <p>
        Restored in {took(run.restoreMs)}, started in {took(run.startMs)}, healthy after {took(run.healthyMs)}, all
        together {took(run.totalMs)}.
      </p>
      {run.checks && (
        <p>
          {run.checks.sentence} {run.checks.faults.join(' ')}
        </p>
      )}
      {run.notes.map((note) => (
        <p key={note} className="dim">
          {note}
        </p>
      ))}
      <p className="dim">
        {run.apart === 'network' && 'The sandbox had a network of its own, so that nothing in it could reach outside. '}
        {run.apart === 'ports' &&
          'The sandbox had other ports and addresses; this machine offers it no network of its own. '}
        {run.kept !== null && `The restored files are in ${run.kept} until the next rehearsal. `}
        <Link to={`/timeline?operation=${encodeURIComponent(run.id)}`}>On the timeline</Link>
      </p>
    </>
  )
}

function took(ms: number | null): string {
  return ms === null ? '–' : duration(ms)
}
