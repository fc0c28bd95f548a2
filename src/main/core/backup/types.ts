import type { InterruptedJob } from '#core/jobs/index.ts'
import type { BackupsView, RestorePlan, SnapshotView } from '#shared/contract/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Snapshots of a site: taken, verified, planned, restored, undone. */
export interface Backups extends AsyncDisposable {
  /** Starts the job; resolves with its id. Rejects with `job-busy` while another backup, restore or undo runs. */
  create(request: {
    readonly kind: 'full' | 'data'
    readonly note: string
    readonly cause: Cause
  }): Promise<{ readonly job: string }>
  snapshots(): readonly SnapshotView[]
  overview(): BackupsView
  /** Works out a restore; `null` is the newest good snapshot. Touches nothing. */
  plan(snapshot: string | null): Promise<RestorePlan>
  restore(request: {
    readonly snapshot: string | null
    readonly fingerprint: string | null
    readonly cause: Cause
  }): Promise<{ readonly job: string }>
  planUndo(): Promise<RestorePlan>
  undo(request: { readonly fingerprint: string | null; readonly cause: Cause }): Promise<{ readonly job: string }>
  verify(request: { readonly snapshot: string; readonly cause: Cause }): Promise<{ readonly job: string }>
  pin(snapshot: string, pinned: boolean): Promise<void>
  /**
   * Looks at what an earlier run of the console left in flight: a swap past its intent record is finished, one before it
   * undone; half-written packs are swept. Called once at opening, before any service starts. Resolves with what was done,
   * one sentence each.
   */
  recover(interrupted: readonly InterruptedJob[]): Promise<readonly string[]>
  /** After {@link recover}: services that an interrupted restore had stopped. Whoever opened the site starts them. */
  owedServices(): readonly string[]
  /** From now on snapshots are taken by the site's schedule. For hosts that stay; a single command never calls it. */
  startSchedule(): void
}
