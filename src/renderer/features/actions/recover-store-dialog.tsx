import { useQuery } from '@tanstack/react-query'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes, duration } from '../../components/figures.ts'
import { PanelBody } from '../../components/panel.tsx'
import { Age, Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import {
  checkedFirst,
  type DatabaseName,
  databaseHolds,
  type StoreDatabase,
  storeCommands,
} from '../diagnose/store-words.ts'
import { recoverStoreActWords } from './act-words.ts'
import decision from './decision-dialog.module.css'
import { DecisionDialog } from './decision-dialog.tsx'
import styles from './recover-dialog.module.css'

/** Says what recovering a database of the console's own store does, what may be lost and what is kept, before it is done. */
export function RecoverStoreDialog({
  database: name,
  onClose,
  onStarted,
}: {
  readonly database: DatabaseName
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const store = useEntity('store', 'store')
  const { busy, run } = useAction()
  const database = store?.databases.find((candidate) => candidate.name === name)
  const act = async () => {
    const started = await run((calls) => calls.store.recover({ database: name }))
    if (!started) return
    onStarted(started.job)
    onClose()
  }
  return (
    <DecisionDialog
      title={`Recover the ${name} database?`}
      safe="Leave it as it is"
      act={recoverStoreActWords(name, database)}
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={database !== undefined}
    >
      <PanelBody
        content={
          database
            ? { state: 'ready' }
            : { state: 'loading', waitsFor: 'Waiting for the figures of the store. Nothing is touched.' }
        }
      >
        {database && <Plan database={database} />}
        {database && <LookedAt name={name} />}
      </PanelBody>
      <CommandLine command={storeCommands.recover(name)} />
    </DecisionDialog>
  )
}

function Plan({ database }: { readonly database: StoreDatabase }) {
  const { copies, state, comesBack } = database
  const begin = comesBack ? 'If it still cannot be opened, its' : checkedFirst(state) ? 'Found damaged, its' : 'Its'
  return (
    <>
      <ol className={styles.steps} aria-label="What is done">
        {comesBack && (
          <li>
            It is opened again. If that is possible now, it is used as it is: nothing of it is lost, and this ends here.
          </li>
        )}
        {checkedFirst(state) && (
          <li>It is read through and through first. Found whole, it stays as it is and nothing is lost.</li>
        )}
        <li>
          {begin} files ({bytes(database.bytes + database.walBytes)}, the log included) are set aside together into
          quarantine. Recording waits for it.
        </li>
        <li>
          {copies.newestAt === null ? (
            'There is no copy: what can be read of the damaged files is salvaged.'
          ) : (
            <>
              The newest good copy takes its place, that of <Time at={copies.newestAt} /> (<Age at={copies.newestAt} />)
              if it passes its check.
              {copies.count > 1 && ' Older copies are tried after it.'}
            </>
          )}
        </li>
        <li>Where nothing serves, it begins empty. The console comes up in every case, and says what it did.</li>
      </ol>
      <p>
        <strong>May be lost:</strong>{' '}
        {copies.newestAt === null ? (
          'whatever cannot be read of the damaged files.'
        ) : (
          <>
            what was recorded since <Time at={copies.newestAt} />.
          </>
        )}{' '}
        {state === 'stand-in' &&
          'What was recorded in the stand-in is not in it either; the stand-in is kept in the same folder. '}
        <span className="dim">{databaseHolds[database.name]}</span>
      </p>
      <p className={decision.undo}>
        Kept: the files that are set aside, for 14 days. Services, the site's own files and its backups are not touched.
      </p>
    </>
  )
}

/** What the copies come to, looked at now: it takes a moment, and whoever knows what to do need not wait for it. */
function LookedAt({ name }: { readonly name: DatabaseName }) {
  const { link } = usePage()
  const plan = useQuery({
    queryKey: ['store-recovery-plan', name],
    queryFn: () => link.calls.store.planRecovery({ database: name }),
    gcTime: 0,
    staleTime: 0,
  })
  if (plan.isPending) return <p className="dim">Looking at the copies. Nothing is touched.</p>
  if (!plan.data) return <p className="dim">The copies could not be looked at; each is checked before it is used.</p>
  const { copy, passedOver, lost, aboutMs } = plan.data
  return (
    <p>
      <strong>Looked at now:</strong>{' '}
      {copy === null ? (
        noCopy(passedOver)
      ) : (
        <>
          the copy of <Time at={copy.at} /> ({bytes(copy.bytes)}) passes its check.
        </>
      )}{' '}
      {copy !== null && passedOver > 0 && `Newer ones that do not: ${passedOver}. `}
      {lost && `The last ${duration(lost.to - lost.from)} would be missing. `}
      {aboutMs !== null && `It takes about ${duration(Math.max(1_000, aboutMs))}.`}
    </p>
  )
}

function noCopy(passedOver: number): string {
  return passedOver === 0 ? 'there is no copy.' : `no copy passes its check, of ${passedOver}.`
}
