import { Button } from '@mantine/core'
import type { SiteView } from '#shared/contract/index.ts'
import { count } from '../../components/figures.ts'
import { Panel } from '../../components/panel.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useSite } from '../../state/use-shown.ts'
import styles from './welcome.module.css'

/** Before a foreign site runs anything: every command that it would run, and what else it would do by itself, exactly. */
export function TrustPage({ trust }: { readonly trust: NonNullable<SiteView['trust']> }) {
  const site = useSite()
  const { busy, run } = useAction()
  return (
    <div className={styles.page} style={{ maxWidth: 920 }}>
      <h1>Do you trust this site?</h1>
      <p className={styles.lead}>
        {site?.name ?? 'This site'} has not been run on this machine before. Nothing has been started. If you trust it,
        these commands run with your rights; a change to any of them asks again.
      </p>
      <Panel title={`What it would run, in ${site?.directory ?? 'its folder'}`} flush>
        <table className={styles.commands}>
          <thead>
            <tr>
              <th>For</th>
              <th>What</th>
              <th>In</th>
            </tr>
          </thead>
          <tbody>
            {keyed(trust.commands).map(({ key, entry }) => (
              <tr key={key}>
                <td>{entry.of}</td>
                <td>
                  <code>{entry.command}</code>
                </td>
                <td>{entry.cwd === '.' ? <span className="dim">the release</span> : <code>{entry.cwd}</code>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
      <div className={styles.buttons}>
        <Button size="sm" onClick={() => void run((calls) => calls.console.closeSite())}>
          Do not trust it: close the site
        </Button>
        <Button
          size="sm"
          variant="filled"
          disabled={busy}
          onClick={() => void run((calls) => calls.site.trust({ fingerprint: trust.fingerprint }))}
        >
          {trust.commands.length === 1 ? 'Trust this command' : `Trust these ${count(trust.commands.length)} commands`}
        </Button>
      </div>
    </div>
  )
}

/** A service may run the same command twice, such as a hook. */
function keyed<T extends { readonly service: string; readonly command: string }>(commands: readonly T[]) {
  return commands.map((entry, index) => ({ key: `${index} ${entry.service} ${entry.command}`, entry }))
}
