import type { EnvironmentName } from '#shared/environment.ts'
import type { SiteDefinition } from './config/index.ts'
import type { ServiceChoice } from './coordinator/index.ts'
import type { Clock, CrashPoints, Logger, Prefix, Processes, Runtime, UserFolders } from './platform/index.ts'
import type { StartupBoard } from './startup/index.ts'
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
  /** Variables that may set values of site.yaml (`WHEELHOUSE_SITE__…`); none by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What this run of the console is for; a plain one where it is not said. */
  readonly runsFor?: EnvironmentName
  /** Which services it is for; all of them where it is not said. */
  readonly choice?: ServiceChoice
  /** Is told how the site is opened, for whoever watches. */
  readonly startup?: StartupBoard
  /** What begins a rehearsal in a network of its own; what this machine offers unless given. */
  readonly networkApart?: () => Promise<Prefix | null>
  /** Given where this is no live site but a copy of one. */
  readonly sandbox?: Sandbox
}

/**
 * A site that is opened to be tried out beside the one that it is a copy of: restored from a snapshot for a rehearsal, or copied for testing. What must not reach outside is taken out of
 * its definition before any part sees it.
 */
export interface Sandbox {
  /** Real path of the live site: its trust and its secrets count, nothing else of it is touched. */
  readonly of: string
  /** The user's data folder, in which those are. */
  readonly userData: string
  readonly adapt: (definition: SiteDefinition) => Promise<SiteDefinition>
}

export interface CloseOptions {
  /** Whether the site's services stop with the console or go on without it. */
  readonly services: 'stop' | 'leave'
}
