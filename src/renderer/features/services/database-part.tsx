import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { SiteDatabaseView } from '#shared/contract/index.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count, counted, duration, perSecond } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity, useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { JobBeside } from '../diagnose/job-beside.tsx'
import { databaseJobOf, newestJob } from '../diagnose/store-jobs.ts'
import styles from './database-part.module.css'
import { DatabasePool } from './database-pool.tsx'
import { SlowQueries } from './slow-queries.tsx'

/** The database that a service stands for: whether it is well, its pool, its queries, and what can be done about it. */
export function DatabasePart({ id }: { readonly id: string }) {
  const database = useEntity('databases', id)
  const job = useSelected('jobs', (jobs) => newestJob(jobs, (candidate) => databaseJobOf(candidate) === id))
  if (!database) return null
  return (
    <>
      <DrawerPart title="Database">
        <p className={styles.sentence}>
          <HealthMark health={database.health} /> {database.sentence}{' '}
          <span className="dim">
            since <Time at={database.since} />
          </span>
        </p>
        <DatabaseActions database={database} busy={job?.state === 'running'} />
        {job && <JobBeside job={job} />}
        <Facts facts={factsOf(database)} />
      </DrawerPart>
      <DrawerPart title="Pool of connections">
        <DatabasePool pool={database.pool} />
      </DrawerPart>
      <DrawerPart title="Queries">
        <Facts facts={queryFactsOf(database)} />
      </DrawerPart>
      <SlowQueries id={id} slow={database.slow} />
      <DrawerPart title="The database on the command line">
        <div className={styles.commands}>
          <CommandLine label="check" command={`wheelhouse database check ${id}`} />
          {database.recovery && <CommandLine label="copy" command={`wheelhouse database copy ${id}`} />}
          {database.recovery && <CommandLine label="recover" command={`wheelhouse database recover ${id}`} />}
        </div>
      </DrawerPart>
    </>
  )
}

function DatabaseActions({ database, busy }: { readonly database: SiteDatabaseView; readonly busy: boolean }) {
  const { ask, watch } = useActions()
  const { busy: asking, run } = useAction()
  const { id: service } = database
  const idle = !busy && !asking
  const start = async (act: 'check' | 'copy') => {
    const started = await run((calls) => calls.databases[act]({ service }))
    if (started) watch(started.job)
  }
  return (
    <div className={styles.actions}>
      <Button disabled={!idle} onClick={() => void start('check')} aria-label={`Check ${service}`}>
        Check
      </Button>
      {/* A PostgreSQL server has copies and recovery of its own. */}
      {database.recovery && (
        <>
          <Button disabled={!idle} onClick={() => void start('copy')} aria-label={`Copy ${service} now`}>
            Copy now
          </Button>
          <Button
            disabled={!idle}
            onClick={() => ask({ type: 'recover-database', service })}
            aria-label={`Recover ${service}…`}
          >
            Recover…
          </Button>
        </>
      )}
    </div>
  )
}

const engineWords: Record<SiteDatabaseView['engine'], string> = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

function factsOf(database: SiteDatabaseView): readonly (readonly [string, ReactNode])[] {
  const { engine, version, where, lastCheck, lastError, recovery } = database
  return [
    // The version begins with the name of the engine.
    ['engine', version ?? engineWords[engine]],
    [
      'where',
      <span key="where">
        <code>{where}</code> <CopyButton text={where} what="place of the database" />
      </span>,
    ],
    ...(database.bytes === null ? [] : [['size', bytes(database.bytes)] as const]),
    [
      'last check',
      lastCheck ? (
        <LastCheck key="check" {...lastCheck} />
      ) : (
        <span key="none" className="dim">
          none yet
        </span>
      ),
    ],
    ...(recovery ? recoveryFactsOf(recovery) : []),
    [
      'last error',
      lastError ? (
        <span key="error">
          {lastError.sentence}{' '}
          <span className="dim">
            <Age at={lastError.at} />
          </span>
        </span>
      ) : (
        <span key="none" className="dim">
          none
        </span>
      ),
    ],
  ]
}

function recoveryFactsOf(
  recovery: NonNullable<SiteDatabaseView['recovery']>,
): readonly (readonly [string, ReactNode])[] {
  const { copies, newestCopyAt, last, policy } = recovery
  return [
    [
      'copies',
      newestCopyAt === null ? (
        <span key="none" className="dim">
          none yet
        </span>
      ) : (
        <span key="copies">
          newest <Age at={newestCopyAt} />
          <span className="dim">, {counted(copies, 'checked copy', 'checked copies')}</span>
        </span>
      ),
    ],
    ['damage', policy === 'automatic' ? 'is put right by itself' : 'is told; an operator decides'],
    ...(last
      ? [
          [
            'last recovery',
            <span key="last">
              {last.sentence}{' '}
              <span className="dim">
                <Age at={last.at} />
              </span>
            </span>,
          ] as const,
        ]
      : []),
  ]
}

function LastCheck({ at, ok, note }: { readonly at: number; readonly ok: boolean; readonly note: string }) {
  return (
    <>
      <HealthMark health={ok ? 'healthy' : 'unhealthy'} label="" /> {ok ? 'passed' : 'failed'}{' '}
      <span className="dim">
        <Age at={at} />
      </span>
      <div className={ok ? 'dim' : undefined}>{note}</div>
    </>
  )
}

function queryFactsOf({ queries, sessions }: SiteDatabaseView): readonly (readonly [string, ReactNode])[] {
  return [
    [
      'rate',
      <span key="rate">
        {perSecond(queries.perSecond)} <span className="dim">now, {count(queries.total)} in all</span>
      </span>,
    ],
    [
      'took',
      <span key="took" title="Half of all queries take at most the first; 99 of 100 at most the second.">
        {duration(queries.p50)} <span className="dim">p50,</span> {duration(queries.p99)}{' '}
        <span className="dim">p99</span>
      </span>,
    ],
    [
      'failed',
      <span key="failed">
        {count(queries.failed)} <span className="dim">and {count(queries.retried)} tried again</span>
      </span>,
    ],
    [
      'sessions',
      <span key="sessions">
        {count(sessions.committed)} <span className="dim">committed,</span> {count(sessions.rolledBack)}{' '}
        <span className="dim">rolled back</span>
      </span>,
    ],
  ]
}
