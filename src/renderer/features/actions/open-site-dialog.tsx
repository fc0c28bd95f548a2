import { Dialog } from '../../components/dialog.tsx'
import { OpenSiteForm } from '../welcome/open-site-form.tsx'

/** "Open my site…", from anywhere. */
export function OpenSiteDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title="Open my site" size={560}>
      <OpenSiteForm onOpened={onClose} />
    </Dialog>
  )
}
