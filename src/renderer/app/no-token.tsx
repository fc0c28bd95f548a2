import styles from './calm-page.module.css'
import { Look } from './look.tsx'

/** For a page whose address does not carry the token: how to get the right address again. */
export function NoToken() {
  return (
    <Look>
      <main className={styles.page}>
        <h1>This address is not complete</h1>
        <p>
          The console prints an address that ends in <code>#token=…</code> when it starts. Only a page opened with that
          whole address may see the site.
        </p>
        <ul>
          <li>
            Look at the terminal, or at the log of the unit, where the console was started, and open the address that it
            printed there.
          </li>
          <li>
            On that machine, <code>wheelhouse status</code> prints it again.
          </li>
          <li>A tab keeps the token until it is closed; a new tab needs the whole address once more.</li>
        </ul>
      </main>
    </Look>
  )
}
