import type { SiteDefinition } from '#core/config/index.ts'
import type { ProcessIdentity } from '#core/platform/index.ts'
import type { DrillPlan, DrillRun } from '#shared/contract/drills.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Failures on purpose: what each service offers and site.yaml declares, done one at a time, measured and undone. */
export interface Drills extends AsyncDisposable {
  /** Takes the drills of this definition, and puts back pages that an interrupted drill left overwritten. */
  configure(definition: SiteDefinition): Promise<void>
  /** What a drill will do, and why it cannot be done now. Throws `drill-unknown`. */
  plan(drill: string): DrillPlan
  /**
   * Does it as a job. Rejects with `drill-unknown`, `drill-busy` while a job runs, `drill-maintenance`, `drill-not-healthy` and
   * `drill-not-now`.
   */
  run(drill: string, cause: Cause): Promise<{ readonly job: string }>
  /** The last 100, newest first. */
  history(drill?: string): readonly DrillRun[]
}

/** What must be undone of a drill whatever happens, recorded before it is done. */
export type Undo =
  | { readonly type: 'nothing' }
  /** Wakes these. */
  | { readonly type: 'wake'; readonly processes: readonly ProcessIdentity[] }
  /** Gives the pages that still hold what the drill wrote what they held before; the file is in `.wheelhouse/drills`. */
  | { readonly type: 'pages'; readonly service: string; readonly name: string }
