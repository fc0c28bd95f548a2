import { Tooltip } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { NavLink, Outlet } from 'react-router'
import { ActionsProvider } from '../features/actions/actions-provider.tsx'
import { JobTray } from '../features/jobs/job-tray.tsx'
import { MaintenanceControl } from '../features/maintenance/maintenance-control.tsx'
import { ColorSchemeButton } from './color-scheme-button.tsx'
import { EnvironmentBadge } from './environment-badge.tsx'
import { Find, openFind } from './find.tsx'
import { HealthSentence } from './health-sentence.tsx'
import { LinkBanner } from './link-banner.tsx'
import { pages } from './pages.ts'
import styles from './shell.module.css'
import { SiteMenu } from './site-menu.tsx'
import { StoreBanner } from './store-banner.tsx'
import wheel from './wheel.svg'

/** The frame around every page: navigation, the site, its health in one sentence, find, jobs. */
export function Shell() {
  return (
    <ActionsProvider>
      {(watched) => (
        <div className={styles.shell}>
          <button type="button" className={styles.skip} onClick={skipToMain}>
            Skip to the page
          </button>
          <nav className={styles.nav} aria-label="Pages">
            <div className={styles.brand}>
              <img src={wheel} alt="" width={20} height={20} />
              <span>Wheelhouse</span>
            </div>
            <ul>
              {pages.map((page) => (
                <li key={page.path}>
                  <NavLink to={page.path} end={page.path === '/'} className={styles.link ?? ''} title={page.title}>
                    <page.icon size={17} stroke={1.6} aria-hidden="true" />
                    <span>{page.title}</span>
                  </NavLink>
                </li>
              ))}
            </ul>
          </nav>
          <header className={styles.top}>
            <SiteMenu />
            <EnvironmentBadge />
            <HealthSentence />
            <div className={styles.tools}>
              <Tooltip label="Find a service, a page or an action">
                <button type="button" className={styles.find} onClick={openFind} aria-label="Find (Ctrl K)">
                  <IconSearch size={14} aria-hidden="true" />
                  <span>Find</span>
                  <kbd>Ctrl K</kbd>
                </button>
              </Tooltip>
              <MaintenanceControl />
              <JobTray />
              <ColorSchemeButton />
            </div>
          </header>
          <div className={styles.banners}>
            <LinkBanner />
            <StoreBanner />
          </div>
          <main id="main" className={styles.main} tabIndex={-1}>
            <Outlet />
          </main>
          <div className={styles.foot}>{watched}</div>
          <Find />
        </div>
      )}
    </ActionsProvider>
  )
}

function skipToMain(): void {
  document.getElementById('main')?.focus()
}
