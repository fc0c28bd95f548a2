import { lazy, Suspense } from 'react'
import { createHashRouter, Navigate } from 'react-router'
import { Waiting } from '../components/waiting.tsx'
import { NotFound } from '../features/deploys/not-found.tsx'
import { announced, NotYet } from '../features/deploys/not-yet.tsx'
import { OverviewPage } from '../features/overview/overview-page.tsx'
import { ServicesPage } from '../features/services/services-page.tsx'
import { Broken } from './broken.tsx'
import { Shell } from './shell.tsx'
import { WhenOpen } from './when-open.tsx'

const DevicesPage = lazy(() => import('../features/devices/devices-page.tsx'))
const MessagesPage = lazy(() => import('../features/messages/messages-page.tsx'))
const TimelinePage = lazy(() => import('../features/timeline/timeline-page.tsx'))
const DiagnosePage = lazy(() => import('../features/diagnose/diagnose-page.tsx'))
const BrowsePage = lazy(() => import('../features/backups/browse/browse-page.tsx'))
const BackupsPage = lazy(() => import('../features/backups/backups-page.tsx'))
const DeploysPage = lazy(() => import('../features/deploys/deploys-page.tsx'))
const RecoveryPage = lazy(() => import('../features/recovery/recovery-page.tsx'))
const SettingsPage = lazy(() => import('../features/settings/settings-page.tsx'))

const loading = <Waiting what="Loading this page." />

/** Every address of the console. What is heavy and not needed for the first look is loaded when it is visited. */
export function makeRouter() {
  return createHashRouter([
    {
      element: <Shell />,
      errorElement: <Broken />,
      children: [
        {
          element: <WhenOpen needs="running" />,
          children: [
            { path: '/', element: <OverviewPage /> },
            { path: '/services/:id?', element: <ServicesPage /> },
            { path: '/services/dependency/:dependency', element: <ServicesPage /> },
            // Where the trust page was, once the site is trusted.
            { path: '/trust', element: <Navigate to="/" replace /> },
            {
              path: '/devices',
              element: (
                <Suspense fallback={loading}>
                  <DevicesPage />
                </Suspense>
              ),
            },
            {
              path: '/messages/:tab?',
              element: (
                <Suspense fallback={loading}>
                  <MessagesPage />
                </Suspense>
              ),
            },
          ],
        },
        {
          element: <WhenOpen needs="site" />,
          children: [
            {
              path: '/timeline/:id?',
              element: (
                <Suspense fallback={loading}>
                  <TimelinePage />
                </Suspense>
              ),
            },
            {
              path: '/diagnose',
              element: (
                <Suspense fallback={loading}>
                  <DiagnosePage />
                </Suspense>
              ),
            },
            {
              path: '/recovery/:id?',
              element: (
                <Suspense fallback={loading}>
                  <RecoveryPage />
                </Suspense>
              ),
            },
            {
              path: '/deploys/:id?',
              element: (
                <Suspense fallback={loading}>
                  <DeploysPage />
                </Suspense>
              ),
            },
            {
              path: '/backups/:id/files',
              element: (
                <Suspense fallback={loading}>
                  <BrowsePage />
                </Suspense>
              ),
            },
            {
              path: '/backups/:id?',
              element: (
                <Suspense fallback={loading}>
                  <BackupsPage />
                </Suspense>
              ),
            },
          ],
        },
        ...announced.map((page) => ({ path: page.path, element: <NotYet {...page} /> })),
        {
          element: <WhenOpen needs="console" />,
          children: [
            {
              path: '/settings',
              element: (
                <Suspense fallback={loading}>
                  <SettingsPage />
                </Suspense>
              ),
            },
          ],
        },
        { path: '*', element: <NotFound /> },
      ],
    },
  ])
}
