import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { CommandLine } from '../../../components/command-line.tsx'
import { exportText } from '../../../components/export-text.ts'
import { HealthMark } from '../../../components/health-mark.tsx'
import { useAction } from '../../../state/use-action.tsx'
import { useEntity } from '../../../state/use-shown.ts'
import { DecisionDialog } from '../../actions/decision-dialog.tsx'
import { SecretDialog } from './secret-dialog.tsx'

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
      destructive={false}
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
        data-autofocus
      />
      <CommandLine command="wheelhouse backups kit --out kit.html" />
    </DecisionDialog>
  )
}

/** Reads the kit back, and has the newest snapshot decrypted with nothing but that. */
export function ProveKitDialog({ onClose }: { readonly onClose: () => void }) {
  const [proven, setProven] = useState<string | null>(null)
  return (
    <SecretDialog
      title="Prove the recovery kit"
      safe="Not now"
      act="Prove it"
      working="Decrypting the newest snapshot…"
      label="The recovery key, as it stands on the paper"
      description="Nine rows. Spaces, hyphens and small letters do not matter; a slip is told with its row."
      command="wheelhouse backups prove-kit"
      submit={async (calls, kit) => setProven((await calls.backupKeys.proveKit({ kit })).sentence)}
      done={
        proven === null ? null : (
          <p role="status">
            <HealthMark health="healthy" label="proven" /> {proven}
          </p>
        )
      }
      onClose={onClose}
    />
  )
}
