import type { PolicyDefinition, RecoveryStep, SiteDefinition } from '#core/config/index.ts'
import type { JobContext } from '#core/jobs/index.ts'
import type { AttemptView, RecoveryPreview } from '#shared/contract/recovery.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** Acts by itself, step by step, on trouble that restarts do not cure; keeps a record of it; and knows when to call a person. */
export interface Recovery extends AsyncDisposable {
  /** Takes what site.yaml says now. */
  configure(definition: SiteDefinition): void
  /** What running a policy now would do to the subject. Rejects with `policy-unknown`, `policy-subject`. */
  preview(request: RunRequest): Promise<RecoveryPreview>
  /** Does the next step of a policy now, whatever its condition. Rejects with those of {@link preview}, `recovery-busy`, `restore-runs`. */
  run(request: RunRequest, cause: Cause): Promise<{ readonly job: string }>
  /** Switches a policy off, or on again, for as long as the console runs. */
  switch(policy: string, on: boolean, cause: Cause): void
  /** Services that a step had stopped when an earlier console ended in its middle. */
  owedServices(): readonly string[]
  history(query: AttemptQuery): { readonly attempts: readonly AttemptView[]; readonly more: boolean }
  /** Raises the card that calls a person: what the step `call-operator` does. */
  call(run: StepRun, cause: Cause): string
  /** Lets another part bring an action. */
  add(action: RecoveryAction): void
}

export interface RunRequest {
  readonly policy: string
  /** `service:api`, `machine`, `site`; null where the policy leaves only one. */
  readonly subject: string | null
}

export interface AttemptQuery {
  readonly policy?: string | undefined
  readonly subject?: string | undefined
  readonly result?: AttemptResult | undefined
  /** Only attempts before this number. */
  readonly before?: number | undefined
  readonly limit: number
}

/**
 * `nothing`: there was nothing to act on. `held`: something held it back. `interrupted`: the console ended in its middle.
 */
export type AttemptResult = 'done' | 'failed' | 'nothing' | 'cancelled' | 'held' | 'interrupted'

/** One step of a policy as the part that does it is given it. */
export interface StepRun {
  readonly policy: PolicyDefinition
  readonly subject: string
  readonly step: RecoveryStep
  /** The services that it works on, by id. */
  readonly services: readonly string[]
  /** Why it is done, one sentence. */
  readonly why: string
}

export interface StepOutcome {
  readonly result: 'done' | 'nothing'
  readonly sentence: string
}

/** One thing that recovery can do. Deploy adds its own. */
export interface RecoveryAction {
  readonly name: RecoveryStep['action']
  /** What it holds while it runs: services by id, or all of them. Nothing else of recovery touches these meanwhile. */
  touches(run: StepRun): readonly string[] | 'all'
  /** What it would do now, a line each, and the paths that it would move or empty. */
  preview(run: StepRun): Promise<{ readonly lines: readonly string[]; readonly paths: readonly string[] }>
  /** Whether it moves files of the site, so that no backup or restore may run beside it. */
  readonly movesFiles: boolean
  /** Does it. Rejects with the reason when it could not be done. */
  act(run: StepRun, job: JobContext): Promise<StepOutcome>
}

/** The figures that services push, as another part keeps them. */
export interface FiguresPort {
  /** The newest value and its wall-clock time. */
  latest(service: string, name: string): { readonly value: number; readonly at: number } | null
  onChanged(listener: () => void): Disposable
}
