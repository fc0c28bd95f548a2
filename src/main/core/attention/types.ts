import type { AttentionView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** A condition that a person should know of. Raising an open one again changes its text, not its `since`. */
export interface AttentionDraft {
  /** Stable per condition: `service-failed:api`. */
  readonly id: string
  readonly subject: string
  readonly severity: AttentionView['severity']
  /** One line: "api has failed". */
  readonly title: string
  /** The sentence behind it, with its evidence. */
  readonly why: string
  readonly fixes: AttentionView['fixes']
  readonly cause: Cause
  /** Whether the operator may dismiss it; a condition that is a danger to data may not be. */
  readonly dismissible: boolean
}

export interface Attention extends AsyncDisposable {
  raise(draft: AttentionDraft): void
  /** Ends the condition. Clearing one that is not open does nothing. */
  clear(id: string, cause: Cause): void
  /** Hides the card until the condition is raised anew. Rejects with `attention-not-dismissible`. */
  dismiss(id: string, cause: Cause): Promise<void>
  /**
   * While on, cards that are raised are kept back: open and stored, but marked `shelved` and told to nobody. Those that may not be
   * dismissed, and critical ones, are shown all the same. Off shows what was kept back.
   */
  shelve(on: boolean): void
  /** The same for the cards of one subject, until the result is disposed: for what is done to it on purpose. */
  shelveOf(subject: string): Disposable
  open(): readonly AttentionView[]
  onChanged(listener: (open: readonly AttentionView[]) => void): Disposable
}
