import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { usePage } from '../../../state/page-context.ts'
import { tellDone } from '../../../state/use-action.tsx'
import { DecisionDialog } from '../../actions/decision-dialog.tsx'
import styles from './encryption-panel.module.css'
import { SecretField } from './secret-field.tsx'

/** Opens encrypted backups with a passphrase or the recovery kit, for as long as the console runs. */
export function UnlockDialog({ onClose }: { readonly onClose: () => void }) {
  const { link } = usePage()
  const [secret, setSecret] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const unlock = async () => {
    setBusy(true)
    setError(null)
    try {
      const { by } = await link.calls.backupKeys.unlock({ secret })
      tellDone(`The backups are unlocked with ${by === 'kit' ? 'the recovery kit' : 'the passphrase'}.`)
      onClose()
    } catch (failure) {
      const { message, remedy } = toConsoleError(failure).problem
      setError(`${message} ${remedy}`)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DecisionDialog
      title="Unlock the backups"
      safe="Leave them locked"
      act={busy ? 'Unlocking…' : 'Unlock'}
      onAct={() => void unlock()}
      onClose={onClose}
      busy={busy}
      ready={secret.trim() !== ''}
      destructive={false}
    >
      <div className={styles.fields}>
        <SecretField
          label="Passphrase or recovery key"
          description="Kept in memory until the console ends, and written nowhere."
          value={secret}
          onChange={setSecret}
          error={error}
        />
      </div>
      <CommandLine label="on the command line" command="wheelhouse backups unlock" />
    </DecisionDialog>
  )
}
