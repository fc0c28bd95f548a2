import { Link } from 'react-router'
import styles from '../../app/calm-page.module.css'

/** For an address that leads nowhere. */
export function NotFound() {
  return (
    <div className={styles.page}>
      <h1>There is no page at this address</h1>
      <p>
        Go to the <Link to="/">Overview</Link>, or press Ctrl K to find what you look for.
      </p>
    </div>
  )
}
