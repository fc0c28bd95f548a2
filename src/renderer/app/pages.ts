import {
  IconActivityHeartbeat,
  IconArchive,
  IconArrowsExchange,
  IconBell,
  IconChartLine,
  IconDeviceDesktop,
  IconHistory,
  IconLayoutDashboard,
  IconLifebuoy,
  IconListDetails,
  IconRocket,
  IconSettings,
} from '@tabler/icons-react'

/** A page of the console, in the order of the navigation. */
export interface PageEntry {
  readonly path: string
  readonly title: string
  readonly icon: typeof IconSettings
  /** Words that find it besides its title. */
  readonly words: string
}

export const pages: readonly PageEntry[] = [
  { path: '/', title: 'Overview', icon: IconLayoutDashboard, words: 'home health' },
  { path: '/services', title: 'Services', icon: IconListDetails, words: 'processes start stop restart logs' },
  { path: '/messages', title: 'Messages', icon: IconArrowsExchange, words: 'mqtt topics routes quarantine publish' },
  { path: '/devices', title: 'Devices', icon: IconDeviceDesktop, words: 'mqtt clients units silent last will' },
  { path: '/timeline', title: 'Timeline', icon: IconHistory, words: 'events history causes' },
  { path: '/backups', title: 'Backups', icon: IconArchive, words: 'snapshots restore undo' },
  {
    path: '/recovery',
    title: 'Recovery',
    icon: IconLifebuoy,
    words: 'policies attempts restart repair maintenance',
  },
  { path: '/deploys', title: 'Deploys', icon: IconRocket, words: 'release version rollback deploy install' },
  { path: '/alerts', title: 'Alerts', icon: IconBell, words: 'rules notifications' },
  { path: '/metrics', title: 'Metrics', icon: IconChartLine, words: 'history charts' },
  {
    path: '/diagnose',
    title: 'Diagnose',
    icon: IconActivityHeartbeat,
    words: 'checks why store database copies quarantine recover drills kill freeze',
  },
  { path: '/settings', title: 'Settings', icon: IconSettings, words: 'console site folders configuration reload' },
]
