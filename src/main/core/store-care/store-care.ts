import type { Attention } from '#core/attention/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, JobRequest, Jobs } from '#core/jobs/index.ts'
import { type Clock, DisposableStore, type Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { CheckKind, DatabaseName, Store } from '#core/store/index.ts'
import type { StoreRecoveryPlan } from '#shared/contract/index.ts'
import type { StoreView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Contact } from './cards.ts'
import { CopyTaking } from './copy-taking.ts'
import { Publisher } from './publisher.ts'
import { storeRecoveryPlan } from './recovery-plan.ts'
import { Rounds } from './rounds.ts'
import { checkRequest, copyRequest, recoverRequest, runCheck, runCopy, runRecover } from './store-jobs.ts'
import { Teller } from './teller.ts'
import { mostScheduledBytes } from './timetable.ts'
import type { StoreCare } from './types.ts'

export interface StoreCareOptions {
  readonly store: Store
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly state: Slice<StoreView>
  /** Who is to be called when a person is needed. */
  readonly contact: () => Contact | null
  readonly clock: Clock
  readonly logger: Logger
}

/** How long copies are looked at for a plan. Milliseconds. */
const planWithinMs = 30_000
const beforeRisk: Cause = { type: 'console', why: 'a copy is taken before something risky' }

/** Begins to look after the store: tells what it did about damage, shows its figures, copies and checks by timetable. */
export async function openStoreCare(options: StoreCareOptions): Promise<StoreCare> {
  const care = new OpenStoreCare(options)
  await care.begin()
  return care
}

class OpenStoreCare implements StoreCare {
  readonly #options: StoreCareOptions
  readonly #owned = new DisposableStore()
  readonly #teller: Teller
  readonly #publisher: Publisher
  readonly #copying: CopyTaking

  constructor(options: StoreCareOptions) {
    this.#options = options
    this.#teller = new Teller(options)
    this.#copying = new CopyTaking(options)
    this.#publisher = this.#owned.add(new Publisher(options))
    this.#owned.add(
      options.store.onReplaced(() => {
        void this.#teller.tell()
        void this.#publisher.refresh()
      }),
    )
    const check = (database: DatabaseName, cause: Cause) => this.check({ database, kind: 'full', cause })
    const tell = () => this.#teller.tell()
    const changed = () => this.#publisher.refresh()
    this.#owned.add(new Rounds({ ...options, copying: this.#copying, check, tell, changed }))
  }

  /** Resolves when what happened before is told and the figures are shown. */
  async begin(): Promise<void> {
    await this.#teller.tell()
    await this.#publisher.refresh()
  }

  check({
    database,
    kind,
    cause,
  }: {
    database: DatabaseName
    kind: CheckKind
    cause: Cause
  }): Promise<{ job: string }> {
    return this.#start({ ...checkRequest(database, kind), cause }, (context) =>
      runCheck(context, database, kind, this.#options),
    )
  }

  copy({ database, cause }: { database: DatabaseName; cause: Cause }): Promise<{ job: string }> {
    return this.#start({ ...copyRequest(database), cause }, (context) =>
      runCopy(context, database, { ...this.#options, copying: this.#copying }),
    )
  }

  recover({ database, cause }: { database: DatabaseName; cause: Cause }): Promise<{ job: string }> {
    return this.#start({ ...recoverRequest(database), cause }, (context) =>
      runRecover(context, database, this.#options),
    )
  }

  async planRecovery(database: DatabaseName): Promise<StoreRecoveryPlan> {
    const { store, clock } = this.#options
    const { state, bytes, walBytes } = store.statistics().databases[database]
    const { copies } = store.upkeep
    return storeRecoveryPlan({
      database,
      state,
      bytes: bytes + walBytes,
      best: await store.upkeep.bestCopy(database, planWithinMs),
      nameOf: (copy) => copies.nameOf(copy),
      standInSince: store.upkeep.standIn(database)?.since ?? null,
      triedFirst: store.upkeep.standIn(database)?.damage === null,
      now: clock.wall(),
    })
  }

  async copyBeforeRisk(signal?: AbortSignal): Promise<string | null> {
    const { store } = this.#options
    try {
      await this.#copying.take('control', 'before-risk', beforeRisk, signal)
      const { bytes, walBytes } = store.statistics().databases.messages
      if (bytes + walBytes <= mostScheduledBytes && !(await store.upkeep.copies.isUnchanged('messages'))) {
        await this.#copying.take('messages', 'before-risk', beforeRisk, signal)
      }
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    } finally {
      void this.#publisher.refresh()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]()
  }

  async #start(request: JobRequest, run: (context: JobContext) => Promise<JobOutcome>): Promise<{ job: string }> {
    const { id } = await this.#options.jobs.start(request, async (context) => {
      try {
        return await run(context)
      } finally {
        await this.#publisher.refresh()
      }
    })
    return { job: id }
  }
}
