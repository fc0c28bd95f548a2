import type { InterruptedJob, JobContext } from '#core/jobs/index.ts'
import type { BackupsView, Losses, RestorePlan, SnapshotView, TargetView } from '#shared/contract/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { BackupEncryption } from './encryption/backup-encryption.ts'
import type { Keeping } from './keeping/keeping.ts'
import type { Rehearsed } from './repository/snapshot-file.ts'
import type { SnapshotCopies } from './snapshot-copies.ts'
import type { SnapshotFiles } from './snapshot-files.ts'

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
  /**
   * Works out a restore; `null` is the newest good snapshot. `paths`: path keys of what is restored, or everything. Touches
   * nothing.
   */
  plan(snapshot: string | null, paths?: readonly string[] | null): Promise<RestorePlan>
  /** What a restore of it would lose: counted, with a time limit. Touches nothing. */
  losses(snapshot: string, paths?: readonly string[] | null, signal?: AbortSignal): Promise<Losses>
  /** Rejects with `deploy-under-way` while a deploy or its way back exchanges the site, except as a part of just that. */
  restore(request: {
    readonly snapshot: string | null
    readonly paths?: readonly string[] | null
    readonly fingerprint: string | null
    readonly cause: Cause
    /** The job that this is a part of. */
    readonly within?: string
  }): Promise<{ readonly job: string }>
  planUndo(): Promise<RestorePlan>
  undo(request: { readonly fingerprint: string | null; readonly cause: Cause }): Promise<{ readonly job: string }>
  verify(request: { readonly snapshot: string; readonly cause: Cause }): Promise<{ readonly job: string }>
  /** Looking into snapshots. */
  readonly files: SnapshotFiles
  /** Snapshots that leave the repository, or come into it. */
  readonly copies: SnapshotCopies
  pin(snapshot: string, pinned: boolean): Promise<void>
  readonly encryption: BackupEncryption
  /** Rules with their preview, deletion by hand, prune. */
  readonly keeping: Keeping
  /** Where the snapshots are kept, looked at anew: the main target first, then the copies. */
  targets(): Promise<readonly TargetView[]>
  /** Starts a job that brings a copy up to date. Rejects with `copy-unknown`, `target-absent` or `copy-in-use`. */
  copy(request: { readonly copy: string; readonly cause: Cause }): Promise<{ readonly job: string }>
  /** Shows and restores the snapshots of a copy from now on; null: of the main target again. */
  useCopy(copy: string | null): Promise<void>
  /**
   * Looks at what an earlier run of the console left in flight: a swap past its intent record is finished, one before it
   * undone; half-written packs are swept. Called once at opening, before any service starts. Resolves with what was done,
   * one sentence each.
   */
  recover(interrupted: readonly InterruptedJob[]): Promise<readonly string[]>
  /** After {@link recover}: services that an interrupted restore had stopped. Whoever opened the site starts them. */
  owedServices(): readonly string[]
  /** The snapshots as rehearsals use them. */
  readonly source: SnapshotSource
  /** From now on snapshots are taken by the site's schedule. For hosts that stay; a single command never calls it. */
  startSchedule(): void
}

/** A snapshot that is to be rehearsed. */
export interface ChosenSnapshot {
  readonly id: string
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly kind: SnapshotView['kind']
  readonly bytes: number
  /** Whole, read back, its databases opened. */
  readonly good: boolean
  /** "the snapshot of 5 Jan 2026, 16:00". */
  readonly name: string
  /** Of a data snapshot: the full one that the code is taken from. */
  readonly code: Omit<ChosenSnapshot, 'code'> | null
}

/** What rehearsals ask of the snapshots. */
export interface SnapshotSource {
  /** The snapshot of this id, else the newest good one. Throws `snapshot-unknown`, `snapshot-none` or `rehearsal-no-code`. */
  choose(id: string | null): ChosenSnapshot
  /**
   * Writes it into an empty folder outside the site or below `.wheelhouse/sandbox`, and reads it back; `code` is the full snapshot that
   * lies under a data snapshot. Holds the repository's lock meanwhile. Rejects with `disk-full`, `extract-too-large`,
   * `extract-destination` and what a restore rejects with; the live site is not touched.
   */
  extract(
    request: {
      readonly snapshot: string
      readonly code: string | null
      readonly to: string
      readonly most: number | null
    },
    context: Pick<JobContext, 'signal' | 'progress'>,
  ): Promise<{ readonly files: number; readonly bytes: number }>
  /** Removes a sandbox of this site with everything in it. Nothing stops it once it has begun. */
  discard(path: string): Promise<void>
  /** Records with the snapshot what came of its rehearsal. */
  mark(snapshot: string, rehearsed: Rehearsed): Promise<void>
}
