import { tellDone } from '../../../state/use-action.tsx'
import { SecretDialog } from './secret-dialog.tsx'

/** Opens encrypted backups with a passphrase or the recovery kit, for as long as the console runs. */
export function UnlockDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <SecretDialog
      title="Unlock the backups"
      safe="Leave them locked"
      act="Unlock"
      working="Unlocking…"
      label="Passphrase or recovery key"
      description="Kept in memory until the console ends, and written nowhere."
      command="wheelhouse backups unlock"
      submit={async (calls, secret) => {
        const { by } = await calls.backupKeys.unlock({ secret })
        tellDone(`The backups are unlocked with ${by === 'kit' ? 'the recovery kit' : 'the passphrase'}.`)
        onClose()
      }}
      onClose={onClose}
    />
  )
}
