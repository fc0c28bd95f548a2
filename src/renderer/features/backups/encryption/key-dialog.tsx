import { useState } from 'react'
import type { Ask } from '../../actions/asking.ts'
import { MakeKitDialog, ProveKitDialog } from './kit-dialogs.tsx'
import { PassphrasesDialog } from './passphrases-dialog.tsx'
import { UnlockDialog } from './unlock-dialog.tsx'

type Asked = Extract<Ask, { type: 'backup-key' }>['what']

/** One of the dialogs about the keys of encrypted backups. A kit that was made is to be proven next. */
export function KeyDialog({ what, onClose }: { readonly what: Asked; readonly onClose: () => void }) {
  const [asked, setAsked] = useState(what)
  switch (asked) {
    case 'unlock':
      return <UnlockDialog onClose={onClose} />
    case 'kit':
      return <MakeKitDialog onClose={onClose} onMade={() => setAsked('prove')} />
    case 'prove':
      return <ProveKitDialog onClose={onClose} />
    case 'passphrases':
      return <PassphrasesDialog onClose={onClose} />
  }
}
