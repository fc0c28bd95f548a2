import { Button, Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { CommandLine } from '../../components/command-line.tsx'
import { Facts } from '../../components/drawer.tsx'
import { bytes, counted, percent } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { ShareBar } from '../../components/share-bar.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import styles from './database-panel.module.css'
import { JobBeside } from './job-beside.tsx'
import { newestJob, storeJobOf } from './store-jobs.ts'
import { databaseHolds, type StoreDatabase, storeCommands, storeStateMark, storeStateWords } from './store-words.ts'

/** One database of the store: its state, size, copies and last check, and what can be done about it. */
export function DatabasePanel({ database }: { readonly database: StoreDatabase }) {
  const { name, state, note } = database
  const job = useSelected('jobs', (jobs) => newestJob(jobs, (candidate) => storeJobOf(candidate) === name))
  return (
    <Panel title={name === 'control' ? 'Control' : 'Messages'} aside={databaseHolds[name]}>
      <p className={styles.state}>
        <HealthMark health={storeStateMark[state]} label="" /> <strong>{storeStateWords[state]}</strong>
        {note !== null && <span>{note}</span>}
      </p>
      <div className={styles.actions}>
        <DatabaseActions database={database} busy={job?.state === 'running'} />
      </div>
      {job && <JobBeside job={job} />}
      <Facts facts={factsOf(database)} />
      <details className={styles.commands}>
        <summary>On the command line</summary>
        <div>
          <CommandLine label="quick check" command={storeCommands.check(name, 'quick')} />
          <CommandLine label="full check" command={storeCommands.check(name, 'full')} />
          <CommandLine label="copy" command={storeCommands.copy(name)} />
          <CommandLine label="recover" command={storeCommands.recover(name)} />
        </div>
      </details>
    </Panel>
  )
}

function DatabaseActions({ database, busy }: { readonly database: StoreDatabase; readonly busy: boolean }) {
  const { ask, watch } = useActions()
  const { busy: asking, run } = useAction()
  const { name, state } = database
  const idle = !busy && !asking
  const check = async (kind: 'quick' | 'full') => {
    const started = await run((calls) => calls.store.check({ database: name, kind }))
    if (started) watch(started.job)
  }
  const copy = async () => {
    const started = await run((calls) => calls.store.copy({ database: name }))
    if (started) watch(started.job)
  }
  return (
    <>
      <Button.Group>
        <Button
          disabled={!idle}
          onClick={() => void check('quick')}
          aria-label={`Check ${name}, quick`}
          title="Reads its structure. What is found damaged is recovered at once."
        >
          Check
        </Button>
        <Menu position="bottom-end" width={320}>
          <Menu.Target>
            <Button px={6} disabled={!idle} aria-label={`Other checks of ${name}`}>
              <IconChevronDown size={14} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void check('quick')}>Quick: the structure of the file</Menu.Item>
            <Menu.Item onClick={() => void check('full')}>Full: indexes and references too</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Button disabled={!idle} onClick={() => void copy()} aria-label={`Copy ${name} now`}>
        Copy now
      </Button>
      <Button
        disabled={!idle || state === 'recovering'}
        onClick={() => ask({ type: 'recover-store', database: name })}
        aria-label={`Recover ${name}…`}
      >
        Recover…
      </Button>
    </>
  )
}

function factsOf(database: StoreDatabase): readonly (readonly [string, React.ReactNode])[] {
  return [
    ['size', <Size key="size" database={database} />],
    ['log', <Log key="log" bytes={database.walBytes} />],
    ['copies', <CopiesOf key="copies" copies={database.copies} />],
    ['last check', <LastCheck key="check" check={database.lastCheck} />],
  ]
}

function Size({ database }: { readonly database: StoreDatabase }) {
  const { bytes: size, limitBytes: limit } = database
  const share = limit > 0 ? (100 * size) / limit : 0
  return (
    <>
      {bytes(size)} <span className="dim">of at most {bytes(limit)}, </span>
      {percent(share)}
      <ShareBar
        label={`Size of ${database.name}: ${bytes(size)} of at most ${bytes(limit)}`}
        whole={limit}
        parts={[{ name: 'used', value: size }]}
      />
    </>
  )
}

function Log({ bytes: size }: { readonly bytes: number }) {
  return (
    <span title="Written and not yet moved into the database file.">
      {bytes(size)} <span className="dim">in the write-ahead log</span>
    </span>
  )
}

function CopiesOf({ copies }: { readonly copies: StoreDatabase['copies'] }) {
  if (copies.newestAt === null) return <span className="dim">none yet</span>
  return (
    <>
      newest <Age at={copies.newestAt} />
      <span className="dim">
        , {counted(copies.count, 'checked copy', 'checked copies')}, {bytes(copies.bytes)} in all
      </span>
    </>
  )
}

function LastCheck({ check }: { readonly check: StoreDatabase['lastCheck'] }) {
  if (!check) return <span className="dim">none yet</span>
  return (
    <>
      <HealthMark health={check.ok ? 'healthy' : 'unhealthy'} label="" /> {check.ok ? 'passed' : 'failed'}{' '}
      <span className="dim">
        {check.kind}, <Age at={check.at} /> (<Time at={check.at} />)
      </span>
      <div className={check.ok ? 'dim' : undefined}>{check.note}</div>
    </>
  )
}
