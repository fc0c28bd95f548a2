import type { CheckKind, DatabaseName } from '#core/store/index.ts'
import type { StoreRecoveryPlan } from '#shared/contract/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** What can be done for the console's own databases, each as a job; and what happens by itself while it is not disposed. */
export interface StoreCare extends AsyncDisposable {
  /** Checks a database in a helper process that cancelling ends; one that is found damaged is recovered. */
  check(request: { database: DatabaseName; kind: CheckKind; cause: Cause }): Promise<{ job: string }>
  /** Takes a copy now. */
  copy(request: { database: DatabaseName; cause: Cause }): Promise<{ job: string }>
  /** What {@link recover} would do, with the copies looked at: takes as long as checking one, half a minute at most. */
  planRecovery(database: DatabaseName): Promise<StoreRecoveryPlan>
  /**
   * Sets a damaged database aside and puts the newest good copy, or what can be salvaged, in its place. One that a full check
   * finds whole is left as it is.
   */
  recover(request: { database: DatabaseName; cause: Cause }): Promise<{ job: string }>
  /** Copies what is precious before something risky. Resolves with why that was not possible, as a sentence, or null. Never rejects. */
  copyBeforeRisk(signal?: AbortSignal): Promise<string | null>
}
