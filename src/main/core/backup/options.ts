import type { Attention } from '#core/attention/index.ts'
import type { Secrets, SiteDefinition, TargetDefinition } from '#core/config/index.ts'
import type { ServiceControl } from '#core/coordinator/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Jobs } from '#core/jobs/index.ts'
import type { Clock, CrashPoints, Logger, Runtime, Volumes } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { EncryptionWish } from './encryption/repository-key.ts'
import type { SealedStorage } from './repository/sealed-storage.ts'
import type { ChosenTarget } from './targets/chosen-target.ts'

export interface BackupsOptions {
  readonly site: {
    readonly id: string
    readonly name: string
    /** Real path of the site folder. */
    readonly directory: string
    readonly zone: string
  }
  /** The definition in use; null while site.yaml is missing or broken, which is when a restore is needed most. */
  readonly definition: () => SiteDefinition | null
  /** Folder of the repository, outside the site; where `target` is given it stands for nothing. */
  readonly folder: string
  /** Where the repository is, when not in `folder`. */
  readonly target?: TargetDefinition | null
  /** For drives that come and go; without it those of this machine. */
  readonly volumes?: Volumes
  /** A rehearsal of a site: its copies are none of its business. */
  readonly apart?: boolean
  /** Who stops and starts the services around a restore. */
  readonly services: ServiceControl
  /** Emergency stops so far: after one, a restore leaves the services that it had stopped as they are. */
  readonly emergencyStops?: () => number
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** What site.yaml says of encryption, also before it is in use; and where the passphrase is. */
  readonly encryption?: () => EncryptionWish
  readonly secrets?: Secrets
  /** Folders in which PostgreSQL's programs are looked for; those where systems put them unless told. */
  readonly postgresPrograms?: readonly string[]
  /** The console's own folder for exports; without it none is suggested. */
  readonly exports?: string
  /** Whom to call, for the recovery kit. */
  readonly contact?: () => string | null
  /** The control database. */
  readonly database: Database
  /** How many messages were journalled since a time, about. */
  readonly journalledSince?: (at: number) => number
  /**
   * Copies what the console keeps for itself before a restore touches the site. Resolves with why it could not, as a sentence;
   * that is said and does not stop the rescue.
   */
  readonly beforeRisk?: (signal: AbortSignal) => Promise<string | null>
  /** Why scheduled backups wait, as during maintenance; null when they do not. */
  readonly paused?: () => string | null
  /** Called when a restore has swapped the site's files and before services start: to read site.yaml again. */
  readonly afterSwap?: () => Promise<void>
}

/** The options with the storage of the repository, which the backups own. */
export interface StoredOptions extends BackupsOptions {
  readonly storage: SealedStorage
  readonly chosen: ChosenTarget
}

/** For whoever opens backups without a secrets file: what is encrypted stays locked until it is unlocked by hand. */
const noSecrets: Secrets = (name) => {
  throw new ConsoleError('secret-missing', `The secret ${name} is not known.`, 'Unlock the backups by hand.')
}

export function secretsOf({ secrets = noSecrets }: Pick<BackupsOptions, 'secrets'>): Secrets {
  return secrets
}

/** For a command line without a running coordinator: there is nothing to stop and nothing to start. */
export const noServices: ServiceControl = {
  start: async () => ({ done: [], failed: [] }),
  stop: async () => ({ done: [], failed: [] }),
  wanted: () => [],
  stopOrder: () => null,
}
