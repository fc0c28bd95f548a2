import { Button } from '@mantine/core'
import { useRouteError } from 'react-router'
import styles from './calm-page.module.css'

/** When a screen itself fails: says so, and that the site does not depend on it. */
export function Broken() {
  const error = useRouteError()
  return (
    <main className={styles.page} role="alert">
      <h1>This screen failed</h1>
      <p>The site is not affected: services, messages and backups run without this window.</p>
      <p>
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </p>
      <Button variant="filled" onClick={() => window.location.reload()}>
        Load the page again
      </Button>
    </main>
  )
}
