import type { SiteDefinition } from '#core/config/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Rehearsals of a restore: a snapshot brought up in a sandbox beside the live site, measured, judged, removed. */
export interface Rehearsals extends AsyncDisposable {
  /**
   * Rehearses a snapshot as a job; null is the newest good one. Rejects with `job-busy` and `rehearsal-busy` while something else has the
   * backups or the services in its hands, with `site-not-loaded`, and with what choosing a snapshot rejects with.
   */
  run(request: {
    readonly snapshot: string | null
    readonly keep: boolean
    readonly cause: Cause
  }): Promise<{ readonly job: string }>
  /** The last 200, newest first. */
  history(): readonly RehearsalRun[]
  /** Takes the schedule and the limits of this definition, and removes what an earlier console left in the folder that it names. */
  configure(definition: SiteDefinition): Promise<void>
  /** From now on rehearsals are made by the schedule. For hosts that stay; a single command never calls it. */
  startSchedule(): void
}
