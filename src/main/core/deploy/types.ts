import type { Attention } from '#core/attention/index.ts'
import type { Backups } from '#core/backup/index.ts'
import type { LoadedSite, SiteDefinition } from '#core/config/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { InterruptedJob, Jobs } from '#core/jobs/index.ts'
import type { Clock, CrashPoints, Logger, Runtime } from '#core/platform/index.ts'
import type { ReleaseSource, Releases } from '#core/releases/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Verification } from '#core/verification/index.ts'
import type { DeployPlan, DeployView, TakeBack } from '#shared/contract/deploys.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** What an operator was shown, and agreed to. */
export interface Agreed {
  /** Of the plan; null: nobody looked. */
  readonly fingerprint: string | null
  /** Of what would be run and was trusted. */
  readonly trust: string | null
}

/** Where a roll-back leads: the id of a release, or `previous`. */
export interface BackTo {
  readonly release: string
  readonly takeBack: TakeBack
}

/** Releases put to use, on probation, and taken back. */
export interface Deploys extends AsyncDisposable {
  /** Brings a source in and checks it, as a job; its data has the id of the release that is then ready. Nothing that runs is touched. */
  prepare(request: {
    readonly source: ReleaseSource
    readonly unproven: boolean
    readonly note: string
    readonly cause: Cause
  }): Promise<{ readonly job: string }>
  plan(release: string): Promise<DeployPlan>
  /** Rejects with `deploy-refused`, `plan-outdated`, `deploy-not-trusted`, `job-busy`. */
  begin(request: Agreed & { readonly release: string; readonly cause: Cause }): Promise<{ readonly job: string }>
  planRollBack(to: BackTo): Promise<DeployPlan>
  /** Goes back; on probation that ends it. */
  rollBack(
    request: BackTo & { readonly fingerprint: string | null; readonly cause: Cause },
  ): Promise<{ readonly job: string }>
  /** Ends the probation: the release counts as good from now on. Rejects with `deploy-not-on-probation`. */
  commit(deploy: string, cause: Cause): Promise<void>
  /** Tries once more to bring a stuck one to its end. Rejects with `deploy-not-stuck`. */
  settle(deploy: string, cause: Cause): Promise<{ readonly job: string }>
  /** Newest first, at most 200. */
  history(): readonly DeployView[]
  /** Releases that must not be removed now: those of a deploy that runs or is on probation, and those whose code still runs. */
  protects(): readonly string[]
  /** Whether a deploy could neither be finished nor be taken back: nothing may be started by itself on what lies there. */
  readonly stuck: boolean
  /** Whether this opening put files of the site back. */
  readonly recovered: boolean
  /**
   * At opening, before site.yaml is read: ends what never touched anything, and puts the files of the rest back as they were. Resolves
   * with a sentence for each.
   */
  recover(interrupted: readonly InterruptedJob[]): Promise<readonly string[]>
  /**
   * After the services that still run were taken up: goes on with the way back, resolving once services may be started again; and
   * with probation.
   */
  resume(): Promise<void>
  /** A restore brought other files: what was on probation is not in use any more. */
  siteReplaced(): Promise<void>
}

/** What deploys ask of the site's configuration. */
export interface DeployConfig {
  /** Checks a text as the site's file, with the release in this folder as its ground. */
  check(text: string, release: string): Promise<LoadedSite>
  /** Whether all that it would run is trusted. */
  isTrusted(definition: SiteDefinition): boolean
  /** Trusts what the operator has looked through. */
  trust(definition: SiteDefinition, cause: Cause): Promise<void>
  /** Reads the site's file again and puts it to use. */
  reload(cause: Cause): Promise<{ readonly valid: boolean }>
}

export interface DeployParts {
  readonly site: { readonly id: string; readonly name: string; readonly directory: string; readonly own: string }
  readonly definition: () => SiteDefinition | null
  readonly config: DeployConfig
  readonly releases: Releases
  readonly coordinator: Pick<Coordinator, 'start' | 'stop' | 'wanted' | 'stopOrder' | 'emergencyStops'>
  readonly backups: Pick<Backups, 'create' | 'pin' | 'restore' | 'snapshots'>
  readonly verification: Pick<Verification, 'run'>
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** Whether the console or the PC crashed before this opening. */
  readonly uncleanExit: boolean
  /** Whether this console stays and may start services by itself; a single command does not. */
  readonly serves: boolean
}
