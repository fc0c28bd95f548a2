import type { InterruptedJob } from '#core/jobs/index.ts'
import type { DeployPlan, DeployView } from '#shared/contract/deploys.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { agreedPlan, notTrusted, plannedOn } from './agreement.ts'
import { type BringIn, bringIn } from './bring-in.ts'
import { DeployJobs } from './deploy-jobs.ts'
import { deployView } from './deploy-view.ts'
import { type DeployGround, journalOf, onProbation } from './ground.ts'
import { type DeployJournal, shownDeploys } from './journal.ts'
import { NeededWatch, neededReleases } from './needed-releases.ts'
import type { PlanWish } from './plan.ts'
import { ProbationKeeper } from './probation-keeper.ts'
import { DeployRecords } from './record.ts'
import { recoverDeploys } from './recover.ts'
import { assertNotHeld } from './site-holder.ts'
import type { Agreed, BackTo, DeployParts, Deploys } from './types.ts'

/** Deploys that are told of. */
const mostTold = 200

/** Opens deploys; what an earlier console left is dealt with by `recover` and `resume`. */
export async function openDeploys(parts: DeployParts): Promise<Deploys> {
  return new SiteDeploys(parts, await DeployRecords.open(parts.site.own, parts.logger))
}

class SiteDeploys implements Deploys {
  readonly #parts: DeployParts
  readonly #records: DeployRecords
  readonly #closing = new AbortController()
  readonly #ground: DeployGround
  readonly #probation: ProbationKeeper
  readonly #jobs: DeployJobs
  readonly #needed: NeededWatch
  /** What cannot be brought to an end now. */
  #filesMixed = false
  recovered = false

  constructor(parts: DeployParts, records: DeployRecords) {
    this.#parts = parts
    this.#records = records
    this.#ground = { parts, records, closing: this.#closing.signal }
    this.#probation = new ProbationKeeper(this.#ground, (journal, cause) => this.#jobs.goBackSoon(journal, cause))
    this.#jobs = new DeployJobs(this.#ground, this.#probation)
    const { state, releases, logger } = parts
    this.#needed = new NeededWatch(state, { needed: () => this.protects(), show: () => releases.refresh(), logger })
    for (const record of records.all().slice(0, shownDeploys)) state.slice('deploys').set(record.id, deployView(record))
  }

  get stuck(): boolean {
    return this.#filesMixed
  }

  history(): readonly DeployView[] {
    return this.#records.all().slice(0, mostTold).map(deployView)
  }

  protects(): readonly string[] {
    return neededReleases(this.#ground)
  }

  prepare(request: BringIn): Promise<{ readonly job: string }> {
    return bringIn(request, this.#parts)
  }

  async plan(release: string): Promise<DeployPlan> {
    return (await plannedOn(this.#ground, { kind: 'deploy', release, takeBack: 'code', asking: null })).plan
  }

  async begin({ release, fingerprint, trust, cause }: Agreed & { readonly release: string; readonly cause: Cause }) {
    const wish: PlanWish = { kind: 'deploy', release, takeBack: 'code', asking: null }
    const planned = await agreedPlan(this.#ground, wish, fingerprint)
    if (planned.plan.trust !== null) {
      if (planned.plan.trust.fingerprint !== trust) throw notTrusted(planned.plan)
      if (planned.config.definition) await this.#parts.config.trust(planned.config.definition, cause)
    }
    return await this.#jobs.begin(wish, planned, cause)
  }

  async planRollBack(to: BackTo): Promise<DeployPlan> {
    return (await plannedOn(this.#ground, this.#backWish(to))).plan
  }

  async rollBack(
    request: BackTo & { readonly fingerprint: string | null; readonly cause: Cause },
  ): Promise<{ readonly job: string }> {
    const wish = this.#backWish(request)
    const planned = await agreedPlan(this.#ground, wish, request.fingerprint)
    const current = onProbation(this.#records)
    if (current && current.from === wish.release) {
      this.#probation.end()
      const journal = this.#journal({ ...current, takeBack: request.takeBack })
      await journal.change({ ...journal.fact({ type: 'called-off' }), takeBack: request.takeBack, failure: null })
      return await this.#wayBack(journal, request.cause)
    }
    return await this.#jobs.begin(wish, planned, request.cause)
  }

  async commit(deploy: string, cause: Cause): Promise<void> {
    const record = onProbation(this.#records)
    if (!record || record.id !== deploy) {
      throw new ConsoleError(
        'deploy-not-on-probation',
        'This deploy is not on probation.',
        'Look at the list: it may have ended meanwhile.',
        { params: { deploy } },
      )
    }
    this.#probation.end()
    await this.#probation.commit(record, cause, 'an operator ended the probation')
  }

  async settle(deploy: string, cause: Cause): Promise<{ readonly job: string }> {
    const record = this.#records.get(deploy)
    if (record?.standing.phase !== 'stuck') {
      throw new ConsoleError('deploy-not-stuck', 'This deploy is not stuck.', 'Nothing needs to be done.', {
        params: { deploy },
      })
    }
    assertNotHeld(this.#parts.jobs.running())
    const journal = this.#journal(record)
    await journal.note(journal.fact({ type: 'again' }))
    return await this.#wayBack(journal, cause)
  }

  async recover(interrupted: readonly InterruptedJob[]): Promise<readonly string[]> {
    const { sentences, mixed } = await recoverDeploys(interrupted, this.#records, this.#parts, (record) =>
      this.#journal(record),
    )
    this.#filesMixed = mixed
    this.recovered = sentences.length > 0
    return sentences
  }

  async resume(): Promise<void> {
    if (!this.#parts.serves) return
    const cause: Cause = { type: 'console', why: 'an earlier console had ended in the middle of a deploy' }
    for (const record of this.#records.all()) {
      if (record.standing.phase === 'rolling-back' && !this.#filesMixed) {
        const mayStart = Promise.withResolvers<void>()
        const journal = this.#journal(record)
        await this.#jobs.beginWayBack(journal, cause, mayStart.resolve).catch((error: unknown) => {
          mayStart.resolve()
          this.#parts.logger.error('The way back of a deploy could not be begun.', { error: String(error) })
          this.#jobs.goBackLater(journal, cause)
        })
        await mayStart.promise
      }
    }
    const current = onProbation(this.#records)
    if (current) this.#probation.watch(current)
  }

  async siteReplaced(): Promise<void> {
    await this.#parts.releases.refresh()
    const active = this.#parts.releases.active().id
    const waiting = this.#waitingToGoBack()
    const record = onProbation(this.#records) ?? (waiting?.from === active ? undefined : waiting)
    if (!record || active === record.release) return
    this.#probation.end()
    await this.#journal(record).note({
      standing: { ...record.standing, phase: 'rolled-back' },
      endedAt: this.#parts.clock.wall(),
      probation: null,
      sentence: `${record.title}: a restore brought other files, so nothing is left of it to be taken back.`,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the site is being closed'))
    this.#probation.end()
    this.#jobs[Symbol.dispose]()
    this.#needed[Symbol.dispose]()
    for (const id of Object.keys(this.#parts.state.slice('deploys').all()))
      this.#parts.state.slice('deploys').delete(id)
  }

  /** Begins the way back; when that cannot be done at once it is tried again, and this rejects all the same. */
  async #wayBack(journal: DeployJournal, cause: Cause): Promise<{ readonly job: string }> {
    try {
      return await this.#jobs.beginWayBack(journal, cause)
    } catch (error) {
      this.#jobs.goBackLater(journal, cause)
      throw error
    }
  }

  /** One that is owed its way back while another job has the site. */
  #waitingToGoBack() {
    if (this.#parts.jobs.running().some(({ kind }) => kind.startsWith('deploy.'))) return undefined
    return this.#records.all().find(({ standing }) => standing.phase === 'rolling-back')
  }

  #backWish({ release, takeBack }: BackTo): PlanWish {
    if (release !== 'previous') return { kind: 'roll-back', release, takeBack, asking: null }
    const previous = onProbation(this.#records)?.from ?? this.#parts.releases.previous()?.id
    if (previous !== undefined) return { kind: 'roll-back', release: previous, takeBack, asking: null }
    throw new ConsoleError(
      'release-none-before',
      'There is no release to go back to.',
      'Choose one of the list, or deploy the one that is wanted.',
    )
  }

  #journal(record: Parameters<typeof journalOf>[0]): DeployJournal {
    return journalOf(record, this.#ground)
  }
}
