import { type ReactNode, useState } from 'react'
import { type Connection, toConsoleError } from '#shared/client/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { usePage } from '../../../state/page-context.ts'
import { DecisionDialog } from '../../actions/decision-dialog.tsx'
import styles from './encryption-panel.module.css'
import { SecretField } from './secret-field.tsx'

/**
 * Asks for a passphrase or a recovery key and does one thing with it. What was typed stays in here, is gone when the dialog is, and a
 * refusal stands beside the field, so that a slip can be put right without typing all of it again.
 */
export function SecretDialog({
  title,
  safe,
  act,
  working,
  label,
  description,
  command,
  submit,
  done = null,
  onClose,
}: {
  readonly title: string
  readonly safe: string
  readonly act: string
  /** On the button while it is done. */
  readonly working: string
  readonly label: string
  readonly description: string
  readonly command: string
  /** Rejects with what is wrong with the secret. */
  readonly submit: (calls: Connection['calls'], secret: string) => Promise<void>
  /** What came of it, in the place of the field; null while nothing has. */
  readonly done?: ReactNode
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const [secret, setSecret] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      await submit(link.calls, secret)
      setSecret('')
    } catch (failure) {
      const { message, remedy } = toConsoleError(failure).problem
      setError(`${message} ${remedy}`)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DecisionDialog
      title={title}
      safe={done === null ? safe : 'Close'}
      act={done !== null ? null : busy ? working : act}
      onAct={() => void run()}
      onClose={onClose}
      busy={busy}
      ready={secret.trim() !== ''}
      destructive={false}
    >
      {done ?? (
        <div className={styles.fields}>
          <SecretField label={label} description={description} value={secret} onChange={setSecret} error={error} />
        </div>
      )}
      <CommandLine command={command} />
    </DecisionDialog>
  )
}
