import { Menu } from '@mantine/core'
import { IconChevronDown } from '@tabler/icons-react'
import { useNavigate } from 'react-router'
import { useActions } from '../features/actions/asking.ts'
import { useAction } from '../state/use-action.tsx'
import { useEntity, useSite } from '../state/use-shown.ts'
import styles from './site-menu.module.css'

/** Which site this is, and the way to others. */
export function SiteMenu() {
  const site = useSite()
  const view = useEntity('console', 'console')
  const { ask } = useActions()
  const { run } = useAction()
  const navigate = useNavigate()
  const others = (view?.recent ?? []).filter((recent) => recent.directory !== site?.directory)
  return (
    <Menu width={320}>
      <Menu.Target>
        <button type="button" className={styles.site} aria-label={site ? `Site ${site.name}` : 'Site: none open'}>
          <strong>{site?.name ?? 'No site'}</strong>
          {site?.sample && <span className={styles.sample}>SAMPLE</span>}
          <IconChevronDown size={14} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {site && (
          <div className={styles.where}>
            <code>{site.directory}</code>
          </div>
        )}
        {site?.sample && <Menu.Item onClick={() => ask({ type: 'reset-sample' })}>Reset sample…</Menu.Item>}
        <Menu.Item onClick={() => ask({ type: 'open-site' })}>Open my site…</Menu.Item>
        {!site?.sample && (
          <Menu.Item onClick={() => void run((calls) => calls.console.openSample())}>Open the sample site</Menu.Item>
        )}
        {others.length > 0 && (
          <>
            <Menu.Divider />
            <Menu.Label>Opened before</Menu.Label>
            {others.slice(0, 6).map((recent) => (
              <Menu.Item
                key={recent.directory}
                onClick={() => void run((calls) => calls.console.openSite({ directory: recent.directory }))}
              >
                {recent.name} {recent.sample && <span className={styles.sample}>SAMPLE</span>}
                <code className={styles.directory}>{recent.directory}</code>
              </Menu.Item>
            ))}
          </>
        )}
        {site && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => void navigate('/settings')}>Settings of this site</Menu.Item>
            <Menu.Item onClick={() => void run((calls) => calls.console.closeSite())}>
              Close this site (stops its services)
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
