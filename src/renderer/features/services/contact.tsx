import { IconPhone } from '@tabler/icons-react'
import { useSite } from '../../state/use-shown.ts'
import styles from './contact.module.css'

/** Whom to call about this site, shown beside failures. */
export function Contact() {
  const contact = useSite()?.contact
  if (!contact) return null
  return (
    <p className={styles.contact}>
      <IconPhone size={14} aria-hidden="true" />
      <span>
        Need help? {contact.name}
        {contact.phone !== null && `, ${contact.phone}`}
        {contact.email !== null && `, ${contact.email}`}
      </span>
    </p>
  )
}
