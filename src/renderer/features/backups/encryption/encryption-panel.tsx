import { Button } from '@mantine/core'
import type { EncryptionView } from '#shared/contract/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { HealthMark } from '../../../components/health-mark.tsx'
import { Panel } from '../../../components/panel.tsx'
import { Sentence } from '../../../components/sentence.tsx'
import { Age } from '../../../components/time.tsx'
import { useEntity } from '../../../state/use-shown.ts'
import { type Ask, useActions } from '../../actions/asking.ts'
import styles from './encryption-panel.module.css'

/** Whether the backups can be read by whoever has the folder; and whether they still could be, were this machine gone. */
export function EncryptionPanel() {
  const encryption = useEntity('backups', 'backups')?.encryption
  if (!encryption || encryption.on === null) return null
  return (
    <Panel title="Encryption" className={styles.panel}>
      <Body encryption={encryption} />
    </Panel>
  )
}

function Body({ encryption }: { readonly encryption: EncryptionView }) {
  const actions = useActions()
  const ask = (what: Extract<Ask, { type: 'backup-key' }>['what']) => actions.ask({ type: 'backup-key', what })
  const { on, locked, repository } = encryption
  if (locked !== null) {
    return (
      <div className={styles.line}>
        <p>
          <HealthMark health="unhealthy" label="locked" /> <Sentence text={locked} />
        </p>
        <div className={styles.actions}>
          <Button variant="filled" onClick={() => ask('unlock')}>
            Unlock…
          </Button>
        </div>
      </div>
    )
  }
  if (!on) return <Off />
  if (repository === null) return <p className="dim">The first backup makes an encrypted repository.</p>
  return (
    <div className={styles.line}>
      <p>
        <KitState encryption={encryption} />
      </p>
      <div className={styles.actions}>
        <Button onClick={() => ask('kit')}>Make the kit…</Button>
        <Button onClick={() => ask('prove')} disabled={encryption.kit.madeAt === null}>
          Prove the kit…
        </Button>
        <Button onClick={() => ask('passphrases')}>Passphrases…</Button>
      </div>
    </div>
  )
}

/** The one thing that an operator must know of encrypted backups: could somebody open them without this machine? */
function KitState({ encryption }: { readonly encryption: EncryptionView }) {
  const { madeAt, proven, failed } = encryption.kit
  if (failed) {
    return (
      <>
        <HealthMark health="unhealthy" label="failed" /> Encrypted. The recovery kit could not be proven{' '}
        <Age at={failed.at} />: <Sentence text={failed.why} />
      </>
    )
  }
  if (proven) {
    return (
      <span title={proven.note}>
        <HealthMark health="healthy" label="proven" /> Encrypted. The recovery kit was proven <Age at={proven.at} />: it
        alone opened a snapshot.
      </span>
    )
  }
  return (
    <>
      <HealthMark health="degraded" label="not proven" /> Encrypted.{' '}
      {madeAt === null ? (
        'There is no recovery kit: if this computer is lost, nobody can open the backups.'
      ) : (
        <>
          A recovery kit was made <Age at={madeAt} /> and never proven: type it back once.
        </>
      )}
    </>
  )
}

const sample = `backup:
  folder: /mnt/backup/lab-encrypted
  encryption: { passphrase: "\${secrets.BACKUP}" }`

function Off() {
  return (
    <>
      <p className="dim">Not encrypted: whoever has the folder can read every backup.</p>
      <details className={styles.how}>
        <summary>How to encrypt them</summary>
        <p className="dim">
          Put a passphrase into the secrets file, and say in <code>site.yaml</code> which one it is, with a new folder:
          a repository is encrypted from its first snapshot on, and never changed into one.
        </p>
        <pre>{sample}</pre>
        <CommandLine label="check" command="wheelhouse config check" />
      </details>
    </>
  )
}
