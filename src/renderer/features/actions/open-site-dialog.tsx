import { Modal } from '@mantine/core'
import { OpenSiteForm } from '../welcome/open-site-form.tsx'

/** "Open my site…", from anywhere. */
export function OpenSiteDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Open my site" size={560} closeButtonProps={{ 'aria-label': 'Close' }}>
      <OpenSiteForm onOpened={onClose} />
    </Modal>
  )
}
