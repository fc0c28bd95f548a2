import type { SiteDefinition } from '#core/config/index.ts'
import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import type { DeployPhase, DeployStep } from '#shared/contract/deploys.ts'
import { ConsoleError } from '#shared/problem.ts'
import { deploySteps, isUntouched } from './deploy-machine.ts'
import { stepTitles } from './deploy-view.ts'
import type { DeployJournal } from './journal.ts'
import { nestedJob } from './nested-job.ts'
import { runOwnCommand } from './own-command.ts'
import { restoreData } from './restore-data.ts'
import { putSiteFile } from './site-file.ts'
import type { DeployParts } from './types.ts'
import { runWayBack } from './way-back.ts'
import { checksNow, startsWithin, untilWell } from './wellness.ts'

/** What is decided before it begins. */
export interface Decided {
  readonly next: SiteDefinition
  /** Looks again whether it can be done; throws what keeps it from being done, and resolves with what the first step writes down. */
  readonly validate: (context: JobContext) => Promise<Partial<DeployJournal['record']>>
}

/** The steps of its job: the eight, and the way back where that is gone. */
export const deployJobSteps = [
  ...deploySteps.map((id) => ({ id, title: stepTitles[id] })),
  { id: 'roll-back', title: 'Go back to what was before' },
] as const

/** Thrown where the failure says something about the release. */
class ReleaseFault extends ConsoleError {}

/**
 * Runs a deploy, or a roll-back that an operator ordered, to its end or to its probation. The record is written before each effect.
 * Throws, when it has failed, after the way back has been gone.
 */
export async function runDeploy(
  journal: DeployJournal,
  decided: Decided,
  parts: DeployParts,
  context: JobContext,
  closing: AbortSignal,
): Promise<JobOutcome> {
  return await new DeployRun(journal, decided, parts, context, closing).run()
}

class DeployRun {
  readonly #journal: DeployJournal
  readonly #decided: Decided
  readonly #parts: DeployParts
  readonly #context: JobContext
  readonly #closing: AbortSignal
  readonly #emergencyStops: number
  /** Services of the site as it was before. */
  readonly #known: ReadonlySet<string>
  /** Operations whose orders to stop are this deploy's. */
  readonly #own: Set<string>
  #downSince: number | null = null

  constructor(journal: DeployJournal, decided: Decided, parts: DeployParts, context: JobContext, closing: AbortSignal) {
    this.#journal = journal
    this.#decided = decided
    this.#parts = parts
    this.#context = context
    this.#own = new Set([context.operation])
    this.#closing = closing
    this.#emergencyStops = parts.coordinator.emergencyStops
    this.#known = new Set(Object.keys(parts.definition()?.services ?? {}))
  }

  async run(): Promise<JobOutcome> {
    for (const step of deploySteps) {
      try {
        await this.#step(step)
      } catch (error) {
        return await this.#failed(step, error)
      }
    }
    const { title, standing } = this.#journal.record
    return {
      message: standing.phase === 'probation' ? `${title}: in use and on probation.` : `${title}: in use.`,
      data: { deploy: this.#journal.record.id, downMs: this.#journal.record.downMs },
    }
  }

  async #step(step: DeployStep): Promise<void> {
    const { crashPoints } = this.#parts
    const journal = this.#journal
    await this.#context.step(step, async () => {
      // From here on only one of the two ends is safe.
      if (step === 'stop') {
        this.#context.noReturn('Services are being exchanged. Let it end, then roll back.')
      }
      await journal.change({ steps: journal.step(step, 'running'), sentence: `${stepTitles[step]}.` })
      crashPoints.reach(`deploy.in-${step}`)
      const found = await this.#effects[step]()
      const done = { ...found, ...this.#done(step) }
      // While services are away the next step writes it down with its own beginning: each write is time away, and an opening after a
      // crash goes back from either.
      if (step === 'stop' || step === 'switch' || step === 'configure') journal.remember(done)
      else await journal.change(done)
    })
    crashPoints.reach(`deploy.after-${step}`)
  }

  #done(step: DeployStep): Partial<DeployJournal['record']> {
    const journal = this.#journal
    const { record } = journal
    const next = { ...journal.fact({ type: 'done' }), steps: journal.step(step, 'done') }
    if (step !== 'verify') return next
    // What was in use before, and was good, needs no second probation.
    if (record.kind === 'roll-back') {
      const standing = { ...record.standing, phase: 'committed' as const }
      const sentence = `${record.title}: done, and the site is well.`
      const tookBack = record.takeBack
      return { ...next, standing, endedAt: this.#parts.clock.wall(), sentence, tookBack }
    }
    const lengthMs = this.#decided.next.deploy.probationMs
    return {
      ...next,
      probation: { lengthMs, until: this.#parts.clock.wall() + lengthMs },
      sentence: `${record.title}: in use and on probation.`,
    }
  }

  readonly #effects: Readonly<Record<DeployStep, () => Promise<Partial<DeployJournal['record']>>>> = {
    validate: () => this.#decided.validate(this.#context),
    prepare: () => this.#prepare(),
    'back-up': () => this.#backUp(),
    stop: () => this.#stop(),
    switch: () => this.#switch(),
    configure: () => this.#configure(),
    start: () => this.#start(),
    verify: () => this.#verify(),
  }

  async #prepare() {
    const { releases } = this.#parts
    const { release, kind } = this.#journal.record
    const { cause, signal, progress } = this.#context
    const found = releases.get(release)
    const check = await releases.verify(release, { cause, signal, onProgress: progress })
    this.#context.log(check.sentence)
    // What runs in the site folder itself changes while it runs: that is told, and no reason.
    if (!check.ok && found.source.kind !== 'site-folder') {
      throw new ConsoleError(
        'release-changed',
        `The files of ${release} are not as they were: ${check.sentence}`,
        'Bring the release in again.',
        { params: { release } },
      )
    }
    const { install } = this.#decided.next.deploy
    if (kind === 'deploy' && install) {
      await this.#command('install', install)
      await releases.reseal(release, { signal, onProgress: progress })
    }
    return {}
  }

  async #command(what: string, command: { readonly run: readonly string[]; readonly withinMs: number }): Promise<void> {
    const { site, releases, runtime, clock } = this.#parts
    const result = await runOwnCommand(command, {
      directory: site.directory,
      release: releases.get(this.#journal.record.release).folder,
      definition: this.#decided.next,
      runtime,
      clock,
      signal: AbortSignal.any([this.#context.signal, this.#closing]),
      onLine: (line) => this.#context.log(`${what}: ${line}`),
    })
    this.#context.log(`${what} ${result.sentence}`)
    if (result.ok) return
    throw new ReleaseFault(
      'deploy-command-failed',
      `${what} ${result.sentence}.`,
      'The job’s log has what it wrote. Put that right in the release and deploy it again.',
    )
  }

  async #backUp() {
    const { backups, jobs } = this.#parts
    const { title } = this.#journal.record
    const { cause, signal } = this.#context
    const note = `before: ${title}`
    const data = await nestedJob(() => backups.create({ kind: 'data', note, cause }), jobs, this.#context, signal)
    const restorePoint = typeof data.snapshot === 'string' ? data.snapshot : null
    if (restorePoint !== null) await backups.pin(restorePoint, true)
    return { restorePoint }
  }

  async #stop() {
    const { coordinator, clock } = this.#parts
    const { services } = this.#journal.record
    const ids = services.map(({ id }) => id)
    const wanted = coordinator.wanted().filter((id) => ids.includes(id))
    await this.#journal.change({ wanted })
    this.#downSince = clock.monotonic()
    if (wanted.length === 0) return {}
    const { cause, operation, progress } = this.#context
    const { failed } = await coordinator.stop(wanted, {
      cause,
      operation,
      onProgress: (done, total) => progress(done, total, 'services'),
    })
    if (failed.length === 0) return {}
    throw new ConsoleError(
      'services-not-stopped',
      `Services could not be stopped: ${failed.map(({ service, reason }) => `${service} (${reason})`).join(', ')}.`,
      'Stop them, then deploy again.',
    )
  }

  async #switch() {
    const { releases } = this.#parts
    const { cause, operation } = this.#context
    await releases.switchTo(this.#journal.record.release, { cause, operation })
    return {}
  }

  async #configure() {
    const { config, site } = this.#parts
    const { record } = this.#journal
    if (record.dataFrom !== null) this.#own.add(await restoreData(record.dataFrom, this.#parts, this.#context))
    if (record.config === null) return {}
    await putSiteFile(site.directory, record.config.after)
    const { valid } = await config.reload(this.#context.cause)
    if (valid) return {}
    throw new ReleaseFault(
      'deploy-config-refused',
      'The site.yaml of the release was not taken.',
      'The timeline has its mistakes. Put them right in the release and deploy it again.',
    )
  }

  async #start() {
    const { coordinator, clock } = this.#parts
    const starting = this.#toStart()
    if (starting.length > 0) {
      const { cause, operation, progress } = this.#context
      const late = new AbortController()
      const withinMs = startsWithin(this.#decided.next, starting)
      using _limit = clock.after(withinMs, () => late.abort(tooLate(withinMs)))
      const { failed } = await coordinator.start(starting, {
        cause,
        operation,
        signal: AbortSignal.any([late.signal, this.#closing]),
        onProgress: (done, total) => progress(done, total, 'services'),
      })
      const lost = failed.filter(({ service }) => this.#wantsStill(service) && !this.#isOptional(service))
      if (lost.length > 0) {
        throw new ReleaseFault(
          'deploy-not-started',
          `Services did not start: ${lost.map(({ service, reason }) => `${service}: ${reason}`).join(' ')}`,
          'Open the service to see its log; put that right in the release and deploy it again.',
        )
      }
    }
    return {}
  }

  async #verify() {
    const { verification, state, clock, config } = this.#parts
    const { record } = this.#journal
    const signal = AbortSignal.any([this.#context.signal, this.#closing])
    const starting = this.#toStart()
    const letGo = (id: string) => !this.#wantsStill(id)
    const unwell = await untilWell(starting, startsWithin(this.#decided.next, starting), {
      clock,
      state,
      letGo,
      signal,
    })
    const downMs = this.#downSince === null ? null : Math.round(clock.monotonic() - this.#downSince)
    if (unwell.length > 0) {
      throw new ReleaseFault(
        'deploy-unhealthy',
        unwell.join(' '),
        'Open the service to see its log; put that right in the release and deploy it again.',
      )
    }
    await this.#journal.change({ downMs: record.services.length > 0 ? downMs : 0 })
    if (record.restorePoint !== null) await this.#parts.releases.bind(record.release, record.restorePoint)
    // Functions of routes and what else lies in the release; where site.yaml changed it was read already.
    if (record.config === null) await config.reload(this.#context.cause)
    const now = await checksNow(verification, state)
    const worse = now.filter(({ id, state: found }) => found === 'failed' && record.passed.includes(id))
    if (worse.length > 0) {
      throw new ReleaseFault(
        'deploy-checks-failed',
        `Checks that passed before fail now: ${worse.map(({ title, sentence }) => `${title}: ${sentence}`).join(' ')}`,
        'Look at the list of checks; put that right in the release and deploy it again.',
      )
    }
    if (record.kind === 'deploy') {
      for (const [id, test] of Object.entries(this.#decided.next.deploy.tests)) await this.#command(`test ${id}`, test)
    }
    return {}
  }

  /** What ran before and is in the site still, and services that come with the release. */
  #toStart(): readonly string[] {
    const services = this.#parts.definition()?.services ?? this.#decided.next.services
    const { wanted, config } = this.#journal.record
    const known = wanted.filter((id) => Object.hasOwn(services, id))
    const come = Object.values(services).flatMap(({ id, enabled, kind }) =>
      config !== null && enabled && kind !== 'external' && !this.#known.has(id) ? [id] : [],
    )
    return [...known, ...come].filter((id) => this.#wantsStill(id))
  }

  #isOptional(id: string): boolean {
    return this.#decided.next.services[id]?.optional ?? false
  }

  /** Whether nobody has ordered it to stop since this stopped it. */
  #wantsStill(id: string): boolean {
    const { coordinator } = this.#parts
    if (coordinator.emergencyStops !== this.#emergencyStops) return false
    const order = coordinator.stopOrder(id)
    return order === null || this.#own.has(order) || !this.#journal.record.wanted.includes(id)
  }

  async #failed(step: DeployStep, error: unknown): Promise<never> {
    const journal = this.#journal
    const reason = error instanceof Error ? error.message : String(error)
    // What the closing of the console cut off is brought to its end by the next opening.
    if (this.#closing.aborted && !isUntouched(step)) throw error
    const fact = this.#context.signal.aborted
      ? ({ type: 'called-off' } as const)
      : ({ type: 'failed', blame: error instanceof ReleaseFault && !isUntouched(step) } as const)
    await journal.note({
      ...journal.fact(fact),
      steps: journal
        .step(step, 'failed')
        .map((each) => (each.state === 'pending' ? { ...each, state: 'skipped' as const } : each)),
      failure: reason,
      sentence: isUntouched(step) ? `Nothing was touched: ${reason}` : `It failed and is taken back: ${reason}`,
    })
    if (this.#phase() !== 'rolling-back') throw error
    this.#context.log(`${stepTitles[step]}: ${reason}`)
    await this.#context.step('roll-back', () => runWayBack(journal, this.#parts, this.#context, this.#closing))
    const isBack = this.#phase() === 'rolled-back'
    throw new ConsoleError(
      isBack ? 'deploy-rolled-back' : 'deploy-stuck',
      journal.record.sentence,
      isBack
        ? 'The site is as it was before. Put right what failed, then deploy again.'
        : 'The card on Overview says what to do.',
      { params: { deploy: journal.record.id }, cause: error },
    )
  }

  #phase(): DeployPhase {
    return this.#journal.record.standing.phase
  }
}

function tooLate(ms: number): ReleaseFault {
  return new ReleaseFault(
    'deploy-not-started',
    `The services did not start within ${Math.round(ms / 1_000)} s.`,
    'Open the service to see its log.',
  )
}
