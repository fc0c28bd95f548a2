import { Button, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { CopyButton } from '../../components/command-line.tsx'
import { Facts } from '../../components/drawer.tsx'
import { bytes } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { Panel } from '../../components/panel.tsx'
import { Age, ZoneNote } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity, useSite } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { PendingConfig } from './config-changes.tsx'
import { ConfigProblems } from './config-problems.tsx'
import { ConfigValues } from './config-values.tsx'
import { ConfigVersions } from './config-versions.tsx'
import styles from './settings-page.module.css'
import { useConfig } from './use-config.ts'

/** Facts of the console and of the site, its configuration, and how this window looks. */
export default function SettingsPage() {
  const site = useSite()
  return (
    <PageFrame title="Settings" note={<ZoneNote />}>
      <div className={styles.panels}>
        {site && <ConfigProblems />}
        {site && <ConfigPanels />}
        <SitePanel />
        <PartsPanel />
        <ConsolePanel />
        <LookPanel />
      </div>
    </PageFrame>
  )
}

/** What the site is configured to, what waits to be, and what it was. */
function ConfigPanels() {
  const { values, versions, plan, waits } = useConfig()
  return (
    <>
      {waits && <PendingConfig query={plan} />}
      <ConfigValues query={values} />
      <ConfigVersions query={versions} />
    </>
  )
}

function SitePanel() {
  const site = useSite()
  const { ask } = useActions()
  if (!site) {
    return (
      <Panel
        title="Site"
        content={{
          state: 'empty',
          sentence: 'No site is open.',
          action: <Button onClick={() => ask({ type: 'open-site' })}>Open my site…</Button>,
        }}
      />
    )
  }
  return (
    <Panel
      title="Site"
      aside={
        <>
          {site.sample && (
            <Button size="compact-xs" onClick={() => ask({ type: 'reset-sample' })}>
              Reset sample…
            </Button>
          )}
          <Button size="compact-xs" onClick={() => ask({ type: 'open-site' })}>
            Open my site…
          </Button>
        </>
      }
    >
      <Facts
        facts={[
          ['name', `${site.name}${site.sample ? ' (SAMPLE)' : ''}`],
          ['id', site.id],
          ['folder', <Folder key="site" path={site.directory} what="site" />],
          ['backups', <Folder key="backups" path={site.backupFolder} what="backups" />],
          ['zone', site.zone],
          [
            'contact',
            site.contact
              ? [site.contact.name, site.contact.phone, site.contact.email].filter((part) => part !== null).join(', ')
              : 'none named: add contact: to site.yaml, so that it is shown beside failures',
          ],
          ...(site.broker
            ? [
                [
                  'broker',
                  <span key="broker">
                    {site.broker.addresses.map((address) => (
                      <code key={address}>{address} </code>
                    ))}
                    <div className="dim">{site.broker.note}</div>
                  </span>,
                ] as const,
              ]
            : []),
        ]}
      />
    </Panel>
  )
}

function Folder({ path, what }: { readonly path: string; readonly what: 'site' | 'backups' }) {
  const view = useEntity('console', 'console')
  const { run } = useAction()
  return (
    <>
      <code>{path}</code> <CopyButton text={path} what="folder" />
      {view?.can.openFolder && (
        <Button size="compact-xs" onClick={() => void run((calls) => calls.console.openFolder({ what }))}>
          Open folder
        </Button>
      )}
    </>
  )
}

/** Parts that site.yaml already names, and what is to be said of them while their switch does nothing. */
const notYet: ReadonlyMap<string, string> = new Map([
  ['gateway', 'not yet available'],
  ['monitoring', 'always on, cannot be switched yet'],
])

function PartsPanel() {
  const site = useSite()
  if (!site) return null
  const parts = Object.entries(site.parts).sort(([a], [b]) => a.localeCompare(b))
  return (
    <Panel title="Parts of the console for this site">
      <ul className={styles.parts}>
        {parts.map(([part, on]) => (
          <li key={part}>
            <HealthMark health={on && !notYet.has(part) ? 'healthy' : 'unknown'} label="" /> {part}{' '}
            <span className="dim">{notYet.get(part) ?? (on ? 'on' : 'off')}</span>
          </li>
        ))}
      </ul>
      <p className="dim">
        Switched under <code>parts:</code> in site.yaml; reload it afterwards.
      </p>
    </Panel>
  )
}

function ConsolePanel() {
  const view = useEntity('console', 'console')
  const machine = useEntity('machine', 'machine')
  if (!view) return null
  return (
    <Panel title="Console">
      <Facts
        facts={[
          ['version', view.version],
          ['host', `${view.host}, on ${view.hostname}`],
          ['runs on', `Node ${view.node}, ${view.platform}`],
          ['started', <Age key="started" at={view.startedAt} />],
          ...(machine ? [['memory', bytes(machine.console.memory)] as const] : []),
        ]}
      />
    </Panel>
  )
}

function LookPanel() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Panel title="This window">
      <SegmentedControl
        aria-label="Colours"
        value={colorScheme}
        onChange={(value) => setColorScheme(value === 'light' || value === 'dark' ? value : 'auto')}
        data={[
          { value: 'auto', label: 'As the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />
    </Panel>
  )
}
