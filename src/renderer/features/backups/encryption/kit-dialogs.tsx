import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { exportText } from '../../../components/export-text.ts'
import { HealthMark } from '../../../components/health-mark.tsx'
import { usePage } from '../../../state/page-context.ts'
import { useAction } from '../../../state/use-action.tsx'
import { useEntity } from '../../../state/use-shown.ts'
import { DecisionDialog } from '../../actions/decision-dialog.tsx'
import styles from './encryption-panel.module.css'
import { SecretField } from './secret-field.tsx'

/** Makes the recovery kit: a page that is saved at once and shown nowhere. */
export function MakeKitDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const { busy, run } = useAction()
  const site = useEntity('site', 'site')
  const [typed, setTyped] = useState('')
  const make = async () => {
    const kit = await run((calls) => calls.backupKeys.kit({ site: typed.trim() }))
    if (!kit) return
    exportText(kit.name, kit.html, 'text/html')
    onMade()
  }
  return (
    <DecisionDialog
      title="Make a recovery kit"
      safe="Make none"
      act={busy ? 'Making it…' : 'Make the kit and save it'}
      onAct={() => void make()}
      onClose={onClose}
      busy={busy}
      ready={typed.trim() === site?.id}
    >
      <p>
        A page to print, with the key of these backups in letters. Whoever has it and the backup folder can read every
        backup; without it nobody can, once this computer is lost.
      </p>
      <p className="dim">
        Print it, keep the paper away from this computer, and delete the file. That a kit was made is on the timeline.
      </p>
      <TextInput
        label={`To make it, type the id of this site: ${site?.id ?? ''}`}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <CommandLine label="on the command line" command="wheelhouse backups kit --out kit.html" />
    </DecisionDialog>
  )
}

/** Reads the kit back, and has the newest snapshot decrypted with nothing but that. */
export function ProveKitDialog({ onClose }: { readonly onClose: () => void }) {
  const { link } = usePage()
  const [kit, setKit] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [proven, setProven] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const prove = async () => {
    setBusy(true)
    setError(null)
    try {
      setProven((await link.calls.backupKeys.proveKit({ kit })).sentence)
      setKit('')
    } catch (failure) {
      const { message, remedy } = toConsoleError(failure).problem
      setError(`${message} ${remedy}`)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DecisionDialog
      title="Prove the recovery kit"
      safe={proven === null ? 'Not now' : 'Close'}
      act={proven !== null ? null : busy ? 'Decrypting the newest snapshot…' : 'Prove it'}
      onAct={() => void prove()}
      onClose={onClose}
      busy={busy}
      ready={kit.trim() !== ''}
      destructive={false}
    >
      {proven === null ? (
        <div className={styles.fields}>
          <SecretField
            label="The recovery key, as it stands on the paper"
            description="Nine rows. Spaces, hyphens and small letters do not matter; a slip is told with its row."
            value={kit}
            onChange={setKit}
            error={error}
          />
        </div>
      ) : (
        <p role="status">
          <HealthMark health="healthy" label="proven" /> {proven}
        </p>
      )}
      <CommandLine label="on the command line" command="wheelhouse backups prove-kit" />
    </DecisionDialog>
  )
}
