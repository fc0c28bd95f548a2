import { Button, PasswordInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { PanelBody } from '../../../components/panel.tsx'
import { Time } from '../../../components/time.tsx'
import { usePage } from '../../../state/page-context.ts'
import { tellDone, useAction } from '../../../state/use-action.tsx'
import { DecisionDialog } from '../../actions/decision-dialog.tsx'
import styles from './encryption-panel.module.css'

const shortest = 12

/** The passphrases that open the backups: a new one beside the others or in the place of the one in use, one away. */
export function PassphrasesDialog({ onClose }: { readonly onClose: () => void }) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const [typed, setTyped] = useState('')
  const [again, setAgain] = useState('')
  const keys = useQuery({
    queryKey: ['backup-keys'],
    queryFn: () => link.calls.backupKeys.list(),
    gcTime: 0,
    staleTime: 0,
  })
  const differ = again !== '' && again !== typed
  const ready = [...typed].length >= shortest && again === typed
  const done = (sentence: string) => {
    setTyped('')
    setAgain('')
    tellDone(sentence)
    void keys.refetch()
  }
  const add = async () => {
    if (await run((calls) => calls.backupKeys.add({ passphrase: typed })))
      done('One more passphrase opens the backups.')
  }
  const change = async () => {
    if (await run((calls) => calls.backupKeys.change({ passphrase: typed }))) {
      done('The passphrase is changed. Put the new one into the secrets file now.')
    }
  }
  const remove = async (key: string) => {
    if (await run((calls) => calls.backupKeys.remove({ key })))
      done(`The passphrase of ${key} opens the backups no more.`)
  }
  return (
    <DecisionDialog
      title="Passphrases of the backups"
      safe="Close"
      act={busy ? 'Working…' : 'Change the passphrase'}
      onAct={() => void change()}
      onClose={onClose}
      busy={busy}
      ready={ready}
      wide
    >
      <PanelBody
        content={
          keys.data
            ? { state: 'ready' }
            : keys.error
              ? { state: 'failed', problem: toConsoleError(keys.error).problem, retry: () => void keys.refetch() }
              : { state: 'loading', waitsFor: 'the key files' }
        }
      >
        <ul className={styles.keys} aria-label="Key files">
          {keys.data?.keys.map(({ id, label, createdAt, problem, used }) => (
            <li key={id}>
              <code>{id}</code>
              <span className={`${styles.grow} dim`}>
                {label} {problem ?? (used ? 'opened the backups' : '')}
              </span>
              {createdAt > 0 && <Time at={createdAt} />}
              <Button
                variant="default"
                disabled={busy || keys.data.keys.length < 2}
                title={keys.data.keys.length < 2 ? 'The last passphrase stays.' : 'It opens the backups no more.'}
                onClick={() => void remove(id)}
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      </PanelBody>
      <div className={styles.fields}>
        <PasswordInput
          label="New passphrase"
          description={`At least ${shortest} characters, best four or more words that do not belong together.`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="new-password"
        />
        <PasswordInput
          label="Once more"
          value={again}
          onChange={(event) => setAgain(event.currentTarget.value)}
          error={differ ? 'The two are not the same.' : null}
          autoComplete="new-password"
        />
        <div>
          <Button variant="default" disabled={!ready || busy} onClick={() => void add()}>
            Add it beside the others
          </Button>
        </div>
      </div>
      <p className="dim">
        The recovery kit stays good. Unattended backups take the passphrase from the secrets file: put the new one there
        as well. Whoever has an old passphrase and an old copy of the folder can still open that copy.
      </p>
      <CommandLine command="wheelhouse backups keys change" />
    </DecisionDialog>
  )
}
