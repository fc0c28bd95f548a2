import type { Clock, CrashPoints, Logger, Processes, Runtime, UserFolders } from './platform/index.ts'
import type { StateHub } from './state/index.ts'
import type { SiteOwner } from './store/index.ts'

/** What a host gives a site. Everything that differs between hosts and tests comes in here. */
export interface SitePorts {
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly state: StateHub
  readonly folders: UserFolders
  readonly processes: Processes
  readonly crashPoints: CrashPoints
  /** A number in [0, 1): jitter. */
  readonly random: () => number
  /** Who will be named to others that want the site. */
  readonly owner: Omit<SiteOwner, 'since'>
  /** Whether this is the console's own sample, which needs no trust. */
  readonly sample: boolean
  /** Which profile of site.yaml to merge. */
  readonly profile: string | null
}

export interface CloseOptions {
  /** Whether the site's services stop with the console or go on without it. */
  readonly services: 'stop' | 'leave'
}
