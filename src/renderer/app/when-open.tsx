import { Outlet } from 'react-router'
import { PanelBody, SkeletonLines } from '../components/panel.tsx'
import { ConfigProblemsPage } from '../features/welcome/config-problems-page.tsx'
import { OpeningPage } from '../features/welcome/opening-page.tsx'
import { TrustPage } from '../features/welcome/trust-page.tsx'
import { WelcomePage } from '../features/welcome/welcome-page.tsx'
import { usePage } from '../state/page-context.ts'
import { useLinkStatus } from '../state/use-link.ts'
import { useEntity, useKnown, useSelected, useSite } from '../state/use-shown.ts'
import styles from './calm-page.module.css'

/**
 * Stands before the pages: shows them when what they need is there, else the page that leads there. `running` pages need a
 * trusted site with a valid configuration; `site` pages (Timeline, Backups) an open one, however damaged.
 */
export function WhenOpen({ needs }: { readonly needs: 'console' | 'site' | 'running' }) {
  const { link } = usePage()
  const status = useLinkStatus()
  const known = useKnown()
  const view = useEntity('console', 'console')
  const site = useSite()
  const defined = useSelected('services', (services) => Object.keys(services).length > 0)

  if (!known || !view) {
    if (status.problem && status.phase === 'refused') {
      return (
        <div className={styles.page}>
          <PanelBody content={{ state: 'failed', problem: status.problem, retry: () => link.start() }} />
        </div>
      )
    }
    return (
      <div className={styles.page}>
        <PanelBody
          content={{
            state: 'loading',
            waitsFor: 'Waiting for the console to answer.',
            wayOut: { label: 'Try again now', act: () => link.start() },
          }}
        >
          <SkeletonLines lines={6} />
        </PanelBody>
      </div>
    )
  }
  if (needs === 'console') return <Outlet />
  if (!site)
    return view.phase === 'opening' || view.phase === 'closing' ? <OpeningPage phase={view.phase} /> : <WelcomePage />
  if (needs === 'site') return <Outlet />
  if (!site.config.valid && !defined) return <ConfigProblemsPage />
  if (site.trust) return <TrustPage trust={site.trust} />
  return <Outlet />
}
