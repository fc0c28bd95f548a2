import type { VerificationView } from '#shared/contract/verification.ts'

/** What one check found. */
export type CheckFinding =
  | { readonly state: 'passed' | 'skipped'; readonly sentence: string }
  /** Each fault is a sentence of its own; `about` names the parts of the site that they are about. */
  | {
      readonly state: 'failed'
      readonly sentence: string
      readonly faults: readonly string[]
      readonly about?: readonly string[]
    }

/** One check of the list, ready to be made. */
export interface ListedCheck {
  readonly id: string
  readonly title: string
  /** Whether site.yaml adds it. */
  readonly own: boolean
  /** Never rejects for what it finds; a rejection is told as a failure. */
  run(signal: AbortSignal): Promise<CheckFinding>
}

/** The list of checks of a site, made at its start and continuously after. */
export interface Verification extends AsyncDisposable {
  /** Makes a round now, or joins the one that is under way. Rejects with `site-not-loaded` when there is nothing to check. */
  run(): Promise<VerificationView>
}
