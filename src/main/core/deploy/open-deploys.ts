import type { InterruptedJob, JobContext, JobOutcome } from '#core/jobs/index.ts'
import type { ReleaseSource } from '#core/releases/index.ts'
import type { DeployPlan, DeployView } from '#shared/contract/deploys.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { failedCard, stuckCard } from './cards.ts'
import { atFirst, deploySteps, isOver } from './deploy-machine.ts'
import { deployJobSteps, runDeploy } from './deploy-run.ts'
import { commandLineOf, deployView } from './deploy-view.ts'
import { deployEvents } from './event-kinds.ts'
import { DeployJournal } from './journal.ts'
import { nameOf, type Planned, type PlanWish, planDeploy, refusal } from './plan.ts'
import { Probation } from './probation.ts'
import { type DeployRecord, DeployRecords } from './record.ts'
import { endedEarly, recoverDeploys } from './recover.ts'
import type { Agreed, BackTo, DeployParts, Deploys } from './types.ts'
import { runWayBack, wayBackSteps } from './way-back.ts'
import { checksNow } from './wellness.ts'

const lane = 'deploy'
/** Deploys that are told of. */
const mostTold = 200
const shown = 30
/** Until a way back that could not be begun is tried again. Milliseconds. */
const againMs = 5_000

/** Opens deploys; what an earlier console left is dealt with by `recover` and `resume`. */
export async function openDeploys(parts: DeployParts): Promise<Deploys> {
  return new SiteDeploys(parts, await DeployRecords.open(parts.site.own, parts.logger))
}

class SiteDeploys implements Deploys {
  readonly #parts: DeployParts
  readonly #records: DeployRecords
  readonly #closing = new AbortController()
  #probation: { readonly id: string; readonly watch: Probation } | null = null
  /** What cannot be brought to an end now. */
  #filesMixed = false
  #retry: Disposable | null = null
  recovered = false

  constructor(parts: DeployParts, records: DeployRecords) {
    this.#parts = parts
    this.#records = records
    for (const record of records.all().slice(0, shown)) parts.state.slice('deploys').set(record.id, deployView(record))
  }

  get stuck(): boolean {
    return this.#filesMixed
  }

  history(): readonly DeployView[] {
    return this.#records.all().slice(0, mostTold).map(deployView)
  }

  protects(): readonly string[] {
    const open = this.#records.all().filter(({ standing }) => !isOver(standing.phase))
    const folders = Object.values(this.#parts.state.slice('services').all()).flatMap(({ pid, cwd }) =>
      pid === null ? [] : [cwd],
    )
    const running = this.#parts.releases
      .list()
      .filter(({ folder }) => folders.some((cwd) => cwd === folder || cwd.startsWith(`${folder}/`)))
    return [...new Set([...open.flatMap(({ release, from }) => [release, from]), ...running.map(({ id }) => id)])]
  }

  async prepare(request: {
    readonly source: ReleaseSource
    readonly unproven: boolean
    readonly note: string
    readonly cause: Cause
  }): Promise<{ readonly job: string }> {
    const { jobs, releases } = this.#parts
    const { source, unproven, note, cause } = request
    const what = sourceWords(source)
    const { id } = await jobs.start(
      {
        kind: 'releases.prepare',
        subject: 'site',
        title: `Bring in ${what}`,
        steps: [
          { id: 'bring', title: 'Bring it in and check every file' },
          { id: 'adopt', title: 'Put it beside the other releases' },
        ],
        cause,
        commandLine: `wheelhouse deploy ${what}`,
        input: { source: { ...source } },
        lane: 'releases',
        cancellable: true,
      },
      async (context) => {
        const { signal, progress } = context
        const work = { signal, onProgress: progress, onLog: (line: string) => context.log(line), cause: context.cause }
        await using prepared = await context.step('bring', () => releases.prepare(source, { ...work, unproven }))
        for (const line of prepared.notes) context.log(line)
        const { known } = prepared
        if (known?.verdict?.verdict === 'bad') {
          throw new ConsoleError(
            'release-bad',
            `This is the same as ${known.id}, which proved bad and is not taken again: ${known.verdict.why}`,
            'Put it right, then deploy it again.',
            { params: { release: known.id } },
          )
        }
        if (known && known.state !== 'gone' && known.source.kind !== 'site-folder') {
          return { message: `This is ${nameOf(known)}, which is there already.`, data: { release: known.id } }
        }
        const release = await context.step('adopt', () =>
          releases.adopt(prepared, { ...work, operation: context.operation, note }),
        )
        return { message: `${nameOf(release)} is ready to be deployed.`, data: { release: release.id } }
      },
    )
    return { job: id }
  }

  async plan(release: string): Promise<DeployPlan> {
    return (await this.#planned({ kind: 'deploy', release, takeBack: 'code', asking: null })).plan
  }

  async begin({ release, fingerprint, trust, cause }: Agreed & { readonly release: string; readonly cause: Cause }) {
    const wish: PlanWish = { kind: 'deploy', release, takeBack: 'code', asking: null }
    const planned = await this.#agreed(wish, fingerprint)
    if (planned.plan.trust !== null) {
      if (planned.plan.trust.fingerprint !== trust) throw notTrusted(planned.plan)
      if (planned.config.definition) await this.#parts.config.trust(planned.config.definition, cause)
    }
    return await this.#begin(wish, planned, cause)
  }

  async planRollBack(to: BackTo): Promise<DeployPlan> {
    return (await this.#planned(this.#backWish(to))).plan
  }

  async rollBack(
    request: BackTo & { readonly fingerprint: string | null; readonly cause: Cause },
  ): Promise<{ readonly job: string }> {
    const wish = this.#backWish(request)
    const planned = await this.#agreed(wish, request.fingerprint)
    const onProbation = this.#onProbation()
    if (onProbation && onProbation.from === wish.release) {
      this.#endProbation()
      const journal = this.#journal({ ...onProbation, takeBack: request.takeBack })
      await journal.change({ ...journal.fact({ type: 'called-off' }), takeBack: request.takeBack, failure: null })
      return await this.#beginWayBack(journal, request.cause)
    }
    return await this.#begin(wish, planned, request.cause)
  }

  async commit(deploy: string, cause: Cause): Promise<void> {
    const record = this.#onProbation()
    if (!record || record.id !== deploy) {
      throw new ConsoleError(
        'deploy-not-on-probation',
        'This deploy is not on probation.',
        'Look at the list: it may have ended meanwhile.',
        { params: { deploy } },
      )
    }
    this.#endProbation()
    await this.#commit(record, cause, 'an operator ended the probation')
  }

  async settle(deploy: string, cause: Cause): Promise<{ readonly job: string }> {
    const record = this.#records.get(deploy)
    if (record?.standing.phase !== 'stuck') {
      throw new ConsoleError('deploy-not-stuck', 'This deploy is not stuck.', 'Nothing needs to be done.', {
        params: { deploy },
      })
    }
    const journal = this.#journal(record)
    await journal.note(journal.fact({ type: 'again' }))
    return await this.#beginWayBack(journal, cause)
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
        await this.#beginWayBack(this.#journal(record), cause, mayStart.resolve).catch((error: unknown) => {
          mayStart.resolve()
          this.#parts.logger.error('The way back of a deploy could not be begun.', { error: String(error) })
        })
        await mayStart.promise
      }
    }
    const onProbation = this.#onProbation()
    if (onProbation) this.#watch(onProbation)
  }

  async siteReplaced(): Promise<void> {
    await this.#parts.releases.refresh()
    const record = this.#onProbation()
    if (!record || this.#parts.releases.active().id === record.release) return
    this.#endProbation()
    await this.#journal(record).note({
      standing: { ...record.standing, phase: 'rolled-back' },
      endedAt: this.#parts.clock.wall(),
      probation: null,
      sentence: `${record.title}: a restore brought other files, so the probation ended.`,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the site is being closed'))
    this.#endProbation()
    this.#retry?.[Symbol.dispose]()
    for (const id of Object.keys(this.#parts.state.slice('deploys').all()))
      this.#parts.state.slice('deploys').delete(id)
  }

  async #begin(wish: PlanWish, planned: Planned, cause: Cause): Promise<{ readonly job: string }> {
    const { jobs, clock, events, attention } = this.#parts
    const { plan, target } = planned
    const title = wish.kind === 'deploy' ? `Deploy ${nameOf(target)}` : `Roll back to ${nameOf(target)}`
    const view = await jobs.start(
      {
        kind: wish.kind === 'deploy' ? 'deploy.run' : 'deploy.roll-back',
        subject: 'site',
        title,
        steps: deployJobSteps,
        cause,
        commandLine: plan.commandLine,
        input: { release: target.id, from: plan.from },
        lane,
        cancellable: true,
      },
      async (context) => {
        const before = this.#onProbation()
        this.#endProbation()
        const allowed = (planned.config.definition ?? this.#definition()).deploy.attempts
        const record = recordOf(context, wish, planned, { title, at: clock.wall(), cause, allowed })
        const journal = this.#journal(record)
        events.emit({
          kind: deployEvents.begun,
          subject: 'site',
          severity: 'notice',
          message: plan.sentence,
          cause: context.cause,
          operation: context.operation,
          data: { deploy: record.id, release: record.release, from: record.from },
        })
        attention.clear(failedCard, context.cause)
        try {
          return await this.#run(journal, wish, planned, context)
        } finally {
          await this.#goOnAfter(before, journal.record)
        }
      },
    )
    return { job: view.id }
  }

  async #run(journal: DeployJournal, wish: PlanWish, first: Planned, context: JobContext): Promise<JobOutcome> {
    const { state, verification, events } = this.#parts
    try {
      const outcome = await runDeploy(
        journal,
        {
          next: first.config.definition ?? this.#definition(),
          validate: async () => {
            const { plan } = await this.#planned({ ...wish, asking: context.id }, context.signal)
            if (plan.fingerprint !== first.plan.fingerprint) throw outdated(plan.release)
            if (plan.refusal !== null) throw refusal(plan)
            const checks = await checksNow(verification, state)
            return {
              findings: plan.findings,
              passed: checks.flatMap(({ id, state: found }) => (found === 'passed' ? [id] : [])),
            }
          },
        },
        this.#parts,
        context,
        this.#closing.signal,
      )
      await this.#inUse(journal.record, context)
      return outcome
    } catch (error) {
      if (journal.record.standing.phase === 'refused') {
        events.emit({
          kind: deployEvents.refused,
          subject: 'site',
          severity: 'warning',
          message: `${journal.record.title}: ${journal.record.sentence}`,
          cause: context.cause,
          operation: context.operation,
          data: { deploy: journal.record.id },
        })
      }
      throw error
    }
  }

  /** What was on probation goes on with it, when it is in use still; else nothing is known against it. */
  async #goOnAfter(before: DeployRecord | undefined, { standing }: DeployRecord): Promise<void> {
    if (!before || this.#closing.signal.aborted) return
    const now = this.#records.get(before.id)
    if (now?.standing.phase !== 'probation') return
    if (standing.phase === 'refused' || standing.phase === 'rolled-back') this.#watch(now)
    else if (standing.phase === 'probation' || standing.phase === 'committed') {
      await this.#journal(now).note(endedEarly(now, this.#parts.clock.wall()))
    }
  }

  /** It runs on the other release now. */
  async #inUse(record: DeployRecord, context: JobContext): Promise<void> {
    const { events, releases } = this.#parts
    const { cause, operation } = context
    const event = events.emit({
      kind: record.kind === 'deploy' ? deployEvents.onProbation : deployEvents.rolledBack,
      subject: 'site',
      severity: 'notice',
      message: `${record.sentence} The services were away for ${((record.downMs ?? 0) / 1_000).toFixed(1)} s.`,
      cause,
      operation,
      data: { deploy: record.id, release: record.release, downMs: record.downMs },
    })
    if (record.standing.phase === 'probation') this.#watch(record)
    else {
      await releases.mark(record.release, 'good', 'It was gone back to, and the site was well.', {
        cause: event.cause,
        operation,
      })
      await this.#tidy(event.cause)
    }
  }

  async #beginWayBack(
    journal: DeployJournal,
    cause: Cause,
    mayStart: () => void = () => {},
  ): Promise<{ readonly job: string }> {
    const { jobs } = this.#parts
    const { record } = journal
    const view = await jobs.start(
      {
        kind: 'deploy.roll-back',
        subject: 'site',
        title: `Take back: ${record.title}`,
        steps: wayBackSteps,
        cause,
        commandLine: commandLineOf({ kind: 'roll-back', release: record.from, takeBack: record.takeBack }),
        input: { deploy: record.id },
        lane,
        cancellable: false,
      },
      async (context) => {
        try {
          context.noReturn('The site is being brought back to what was before.')
          await journal.note({ job: context.id })
          await runWayBack(journal, this.#parts, context, this.#closing.signal, (id, run) =>
            context.step(id, () => {
              if (id === 'start') mayStart()
              return run()
            }),
          )
        } finally {
          mayStart()
        }
        const { sentence, standing } = journal.record
        if (standing.phase === 'stuck') {
          throw new ConsoleError('deploy-stuck', sentence, 'The card on Overview says what to do.', {
            params: { deploy: record.id },
          })
        }
        return { message: sentence, data: { deploy: record.id } }
      },
    )
    return { job: view.id }
  }

  #watch(record: DeployRecord): void {
    this.#endProbation()
    const { clock, state, coordinator } = this.#parts
    const rules = this.#definition().deploy
    const lengthMs = record.probation?.lengthMs ?? rules.probationMs
    const all = Object.values(this.#definition().services).flatMap(({ id, kind, optional }) =>
      kind === 'external' || optional ? [] : [id],
    )
    const watch = new Probation(
      { services: all, lengthMs, graceMs: rules.graceMs },
      {
        clock,
        state,
        stopOrder: (service) => coordinator.stopOrder(service),
        crashed: (sentence) => this.#crashed(record.id, sentence),
        failed: (sentence) => this.#failedOnProbation(record.id, { type: 'failed', blame: true }, sentence),
        passed: () => {
          const now = this.#onProbation()
          if (now)
            void this.#commit(
              now,
              { type: 'observation', what: 'it was well for long enough' },
              'it was well all the time',
            )
        },
        until: (until) => {
          const now = this.#records.get(record.id)
          if (now?.standing.phase === 'probation') void this.#journal(now).note({ probation: { until, lengthMs } })
        },
      },
    )
    this.#probation = { id: record.id, watch }
  }

  #crashed(id: string, sentence: string): void {
    this.#failedOnProbation(id, { type: 'crashed' }, sentence)
  }

  /** A crash that is forgiven is told; anything beyond leads back. */
  #failedOnProbation(id: string, fact: Parameters<DeployJournal['fact']>[0], sentence: string): void {
    const record = this.#records.get(id)
    if (record?.standing.phase !== 'probation') return
    const journal = this.#journal(record)
    const change = journal.fact(fact)
    const back = change.standing?.phase === 'rolling-back'
    const cause: Cause = { type: 'observation', what: sentence }
    const { crashes = 0, allowed = 0 } = change.standing ?? {}
    const event = this.#parts.events.emit({
      kind: back ? deployEvents.failed : deployEvents.crashed,
      subject: 'site',
      severity: back ? 'error' : 'warning',
      message: back
        ? `${record.title} failed on probation and is taken back: ${sentence}`
        : `${record.title}, on probation: ${sentence} That was crash ${crashes}; ${allowed} are forgiven.`,
      cause,
      data: { deploy: id, release: record.release },
    })
    if (back) this.#endProbation()
    void journal
      .note({ ...change, ...(back && { failure: sentence, sentence: `It failed on probation: ${sentence}` }) })
      .then(() => {
        if (back) this.#goBackSoon(journal, event.cause)
      })
  }

  /** Begins the way back, again and again until the store takes the job; the next opening does it otherwise. */
  #goBackSoon(journal: DeployJournal, cause: Cause): void {
    if (this.#closing.signal.aborted) return
    this.#beginWayBack(journal, cause).catch((error: unknown) => {
      const { logger, clock } = this.#parts
      logger.error('A deploy that failed on probation could not be taken back at once; it is tried again.', {
        error: String(error),
      })
      this.#retry = clock.after(againMs, () => this.#goBackSoon(journal, cause))
    })
  }

  async #commit(record: DeployRecord, cause: Cause, why: string): Promise<void> {
    const { releases, events, clock, logger } = this.#parts
    const journal = this.#journal(record)
    const message = `${record.title} is final: ${why}.`
    const event = events.emit({
      kind: deployEvents.committed,
      subject: 'site',
      severity: 'notice',
      message,
      cause,
      data: { deploy: record.id, release: record.release },
    })
    try {
      await journal.change({
        ...journal.fact({ type: 'done' }),
        endedAt: clock.wall(),
        probation: null,
        sentence: message,
      })
      await releases.mark(record.release, 'good', `It was well on probation: ${why}.`, { cause: event.cause })
      await this.#tidy(event.cause)
    } catch (error) {
      logger.error('The end of a probation could not be written down; it is looked at again at the next opening.', {
        error: String(error),
      })
    }
  }

  /** Removes what is over `keep`, and lets restore points go that no release is bound to any more. */
  async #tidy(cause: Cause): Promise<void> {
    const { releases, backups, logger } = this.#parts
    const { keep } = this.#definition().deploy
    try {
      await releases.cleanUp({ keep, protect: this.protects(), cause })
      const there = new Set(releases.list().flatMap(({ id, state }) => (state === 'gone' ? [] : [id])))
      for (const { restorePoint, from, standing } of this.#records.all().slice(keep + 1)) {
        if (restorePoint === null || !isOver(standing.phase) || there.has(from)) continue
        await backups.pin(restorePoint, false).catch(() => {}) // it may be gone already
      }
      await this.#records.prune()
    } catch (error) {
      logger.warn('What deploys leave could not be tidied up; the next one does it.', { error: String(error) })
    }
  }

  #onProbation(): DeployRecord | undefined {
    return this.#records.all().find(({ standing }) => standing.phase === 'probation')
  }

  #endProbation(): void {
    this.#probation?.watch[Symbol.dispose]()
    this.#probation = null
  }

  #backWish({ release, takeBack }: BackTo): PlanWish {
    if (release !== 'previous') return { kind: 'roll-back', release, takeBack, asking: null }
    const previous = this.#onProbation()?.from ?? this.#parts.releases.previous()?.id
    if (previous !== undefined) return { kind: 'roll-back', release: previous, takeBack, asking: null }
    throw new ConsoleError(
      'release-none-before',
      'There is no release to go back to.',
      'Choose one of the list, or deploy the one that is wanted.',
    )
  }

  async #agreed(wish: PlanWish, fingerprint: string | null): Promise<Planned> {
    const stuckOne = this.#records
      .all()
      .find(({ standing }) => standing.phase === 'stuck' || standing.phase === 'rolling-back')
    if (stuckOne) {
      throw new ConsoleError(
        'deploy-stuck',
        `"${stuckOne.title}" has not come to its end: ${stuckOne.sentence}`,
        `Bring it to its end first: \`wheelhouse deploys settle ${stuckOne.id}\`.`,
        { params: { deploy: stuckOne.id, card: stuckCard(stuckOne.id) } },
      )
    }
    const planned = await this.#planned(wish)
    if (fingerprint !== null && fingerprint !== planned.plan.fingerprint) throw outdated(wish.release)
    if (planned.plan.refusal !== null) throw refusal(planned.plan)
    return planned
  }

  #planned(wish: PlanWish, signal?: AbortSignal): Promise<Planned> {
    const ended = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
    return planDeploy(wish, this.#parts, this.#records.all(), ended)
  }

  #definition() {
    const definition = this.#parts.definition()
    if (definition) return definition
    throw new ConsoleError('site-not-loaded', 'site.yaml is not in use.', 'Put right what is shown about it.')
  }

  #journal(record: DeployRecord): DeployJournal {
    const { state, logger, clock } = this.#parts
    return new DeployJournal(record, {
      records: this.#records,
      slice: state.slice('deploys'),
      logger,
      now: () => clock.wall(),
    })
  }
}

interface RecordedWith {
  readonly title: string
  readonly at: number
  readonly cause: Cause
  /** Crashes that are forgiven. */
  readonly allowed: number
}

function recordOf(
  context: JobContext,
  wish: PlanWish,
  { plan, config, target, touched, dataFrom }: Planned,
  { title, at, cause, allowed }: RecordedWith,
): DeployRecord {
  return {
    version: 1,
    id: context.id,
    kind: wish.kind,
    title,
    standing: atFirst(allowed),
    release: target.id,
    from: plan.from,
    at,
    endedAt: null,
    cause,
    job: context.id,
    steps: deploySteps.map((id) => ({ id, state: 'pending', startedAt: null, endedAt: null })),
    findings: plan.findings,
    services: touched.map(({ id, title, why }) => ({ id, title, why })),
    wanted: [],
    passed: [],
    restorePoint: null,
    config: config.before === config.after ? null : { before: config.before, after: config.after },
    downMs: null,
    failure: null,
    sentence: plan.sentence,
    // A roll-back that fails goes to where it came from, with the data as they are.
    takeBack: wish.kind === 'deploy' ? plan.takeBack : wish.takeBack,
    dataFrom,
    tookBack: null,
    probation: null,
  }
}

function sourceWords(source: ReleaseSource): string {
  switch (source.kind) {
    case 'folder':
      return source.folder
    case 'archive':
      return source.file
    case 'git':
      return `${source.repository}#${source.ref}`
  }
}

function outdated(release: string): ConsoleError {
  return new ConsoleError(
    'plan-outdated',
    'The site or the release has changed since this was looked at, so what was shown is not what would happen. Nothing was touched.',
    'Look at the plan again.',
    { params: { release } },
  )
}

function notTrusted(plan: DeployPlan): ConsoleError {
  return new ConsoleError(
    'deploy-not-trusted',
    'The site.yaml of the release would run what nobody has looked through yet. Nothing was touched.',
    'Look at the list of commands in the plan, then deploy with exactly that fingerprint.',
    { params: { release: plan.release, fingerprint: plan.trust?.fingerprint ?? null } },
  )
}
