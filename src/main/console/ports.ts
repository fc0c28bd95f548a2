import type { ServiceChoice } from '#core/coordinator/index.ts'
import type { Clock, CrashPoints, Logger, Processes, Runtime, UserFolders } from '#core/platform/index.ts'
import type { EnvironmentName } from '#shared/environment.ts'

/** What only a desktop can do. */
export interface Dialogs {
  /** The folder that was chosen; null when the operator cancelled. */
  chooseFolder(): Promise<string | null>
  openFolder(path: string): Promise<void>
  openPage(url: string): Promise<void>
}

/** What a host gives the console. */
export interface ConsolePorts {
  readonly host: 'electron' | 'headless' | 'command line'
  readonly version: string
  /** What this run of the console is for, as it was asked; null: as is usual here. */
  readonly runsFor?: EnvironmentName | null
  readonly folders: UserFolders
  readonly runtime: Runtime
  /** Whether this is an installed app rather than a checkout. */
  readonly installed?: boolean
  /** Folder with `sites/`, as shipped. */
  readonly resources: string
  /** null where there is no desktop. */
  readonly dialogs: Dialogs | null
  readonly logger: Logger
  readonly clock: Clock
  readonly processes: Processes
  readonly crashPoints: CrashPoints
  readonly random: () => number
  /** Variables that may set values of a site (`WHEELHOUSE_SITE__…`); those of this process by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export interface InitialSite {
  /** Folder of the site to open; null opens the sample, or the site opened last, or none, as `otherwise` says. */
  readonly site: string | null
  readonly otherwise: 'sample' | 'recent' | 'none'
  /** Whether to start the site's services once it is open. */
  readonly start: boolean
  /** Which of the site's services this run is for; all where it is not said. */
  readonly choice?: ServiceChoice
  /** Called once commands find the console and wait for the site, which is long before it is open. */
  readonly onReachable?: () => void
}
