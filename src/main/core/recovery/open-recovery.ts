import { z } from 'zod'
import type { Attention } from '#core/attention/index.ts'
import type { PolicyDefinition, SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Jobs } from '#core/jobs/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { PolicyState, RecoveryPreview } from '#shared/contract/recovery.ts'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { Actor, isLaneBusy } from './actor.ts'
import { Attempts } from './attempts.ts'
import { clearOldCards, raiseCall } from './cards.ts'
import { machineFigures } from './check-policies.ts'
import { dayMs, decide } from './decide.ts'
import { recoveryEvents } from './event-kinds.ts'
import { compileCondition, type FigureCondition } from './expression.ts'
import { findings, type Sight } from './facts.ts'
import { previewOf } from './preview.ts'
import { nextStep, policyOf, stepRun, subjectOf } from './step-choice.ts'
import { TroubleTeller } from './trouble-teller.ts'
import type { AttemptQuery, FiguresPort, Recovery, RecoveryAction, RunRequest, StepRun } from './types.ts'
import { candidatesOf, policyView, type SubjectView } from './views.ts'
import { type Seen, Watch } from './watch.ts'
import { subjectInWords } from './words.ts'

export interface RecoveryParts {
  /** The control database, with `recoverySchema`. */
  readonly database: Database
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly state: StateHub
  /** The figures that services push; null where no part keeps them. */
  readonly figures: FiguresPort | null
  /** Why nothing may be done now, as it ends a sentence; null when it may. */
  readonly held: () => string | null
  /** Milliseconds that the console has seen pass on this site, whatever the wall clock does. */
  readonly seenMs: () => number
  readonly clock: Clock
  readonly logger: Logger
}

/** How often conditions are looked at when nothing changes. Milliseconds. */
const lookEveryMs = 1_000
/** A step that could not be put on record is tried again after so long. */
const againAfterMs = 30_000

/** Opens recovery: an attempt that the console did not live to end is told as interrupted and counts. */
export async function openRecovery(parts: RecoveryParts): Promise<Recovery> {
  const recovery = new SiteRecovery(parts)
  await recovery.takeUp()
  return recovery
}

/** What a step remembers of the services that it stops. */
const stoppedSchema = z.object({ services: z.array(z.string()) })

class SiteRecovery implements Recovery {
  readonly #parts: RecoveryParts
  readonly #attempts: Attempts
  readonly #actor: Actor
  readonly #watch = new Watch()
  readonly #conditions = new Map<string, FigureCondition>()
  readonly #following: readonly Disposable[]
  /** What is shown of each policy's subjects. */
  readonly #shown = new Map<string, SubjectView[]>()
  readonly #teller: TroubleTeller
  /** Steps that could not begin: until when they wait, and what holds them back, if something does. */
  readonly #notBefore = new Map<string, { readonly until: number; readonly heldBy: string | null }>()
  readonly #switchedOff = new Set<string>()
  #definition: SiteDefinition | null = null
  #timer: Disposable
  #soon: Disposable | null = null
  #closed = false

  constructor(parts: RecoveryParts) {
    this.#parts = parts
    this.#attempts = new Attempts(parts.database)
    this.#teller = new TroubleTeller({ ...parts, attempts: this.#attempts })
    this.#actor = new Actor({ ...parts, attempts: this.#attempts, onChanged: () => this.#lookSoon() })
    this.#following = [
      parts.state.onRevision(({ slices }) => {
        if (slices.services || slices.machine) this.#lookSoon()
      }),
      parts.events.onCommitted((events) => this.#remember(events)),
      ...(parts.figures ? [parts.figures.onChanged(() => this.#lookSoon())] : []),
    ]
    this.#timer = parts.clock.after(lookEveryMs, () => this.#tick())
  }

  async takeUp(): Promise<void> {
    const { events, seenMs } = this.#parts
    for (const attempt of this.#attempts.unfinished()) {
      const sentence = 'The console ended in the middle of it; what it had begun may be half done.'
      const { id } = events.emit({
        kind: recoveryEvents.interrupted,
        subject: attempt.subject,
        severity: 'warning',
        message: `Recovery of ${subjectInWords(attempt.subject)} was interrupted (${attempt.action}). ${sentence} It counts as an attempt.`,
        cause: { type: 'console', why: 'an attempt without an end was found when the site was opened' },
        operation: attempt.job,
        data: { policy: attempt.policy, step: attempt.step, action: attempt.action },
      })
      await this.#attempts
        .end(attempt, { seen: seenMs(), ms: 0, result: 'interrupted', sentence, event: id })
        .catch(() => {})
    }
  }

  add(action: RecoveryAction): void {
    this.#actor.add(action)
  }

  configure(definition: SiteDefinition): void {
    const before = this.#definition
    this.#definition = definition
    this.#conditions.clear()
    for (const { id, when } of Object.values(definition.recovery)) {
      if (when.kind !== 'metric' && when.kind !== 'machine') continue
      const compiled = compileCondition(when.expression, when.kind === 'machine' ? machineFigures : null)
      if ('condition' in compiled) this.#conditions.set(id, compiled.condition)
    }
    for (const policy of Object.values(before?.recovery ?? {})) {
      const now = definition.recovery[policy.id]
      // A changed condition begins to be watched anew.
      if (!now || JSON.stringify(now.when) !== JSON.stringify(policy.when)) this.#watch.forget(policy.id)
      if (!now) this.#parts.state.slice('recovery').delete(policy.id)
    }
    const on = Object.values(definition.recovery).filter((policy) => this.#isOn(policy))
    clearOldCards(this.#parts.attention, on)
    this.#look()
  }

  async preview(request: RunRequest): Promise<RecoveryPreview> {
    const { run, step } = this.#stepOf(request)
    return await previewOf(run, step, this.#actor.action(run))
  }

  async run(request: RunRequest, cause: Cause): Promise<{ readonly job: string }> {
    const { run, step } = this.#stepOf(request)
    const { job } = await this.#actor.begin(run, step, cause, true)
    return { job }
  }

  switch(id: string, on: boolean, cause: Cause): void {
    const policy = policyOf(this.#definition, id)
    if (on === !this.#switchedOff.has(id)) return
    if (on) this.#switchedOff.delete(id)
    else this.#switchedOff.add(id)
    this.#watch.forget(id)
    this.#parts.events.emit({
      kind: recoveryEvents.switched,
      subject: 'site',
      severity: 'notice',
      message: `The recovery policy ${policy.title} is ${on ? 'on again' : 'off until the console is started anew'}.`,
      cause,
      data: { policy: id, on },
    })
    this.#look()
  }

  owedServices(): readonly string[] {
    const cutOff = this.#parts.jobs.interrupted.filter(({ view }) => view.kind.startsWith('recovery.'))
    return cutOff.flatMap(({ input }) => stoppedSchema.safeParse(input).data?.services ?? [])
  }

  history(query: AttemptQuery): ReturnType<Attempts['page']> {
    return this.#attempts.page(query)
  }

  /** Raises the card of a step that calls a person. */
  call(run: StepRun, cause: Cause): string {
    return raiseCall(this.#parts.attention, this.#definition, run, this.#teller.tried(run.policy, run.subject), cause)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer[Symbol.dispose]()
    this.#soon?.[Symbol.dispose]()
    for (const each of this.#following) each[Symbol.dispose]()
    const slice = this.#parts.state.slice('recovery')
    for (const id of Object.keys(slice.all())) slice.delete(id)
  }

  #tick(): void {
    this.#look()
    if (!this.#closed) this.#timer = this.#parts.clock.after(lookEveryMs, () => this.#tick())
  }

  /** Looks once the present turn is over, however much changed in it. */
  #lookSoon(): void {
    if (this.#closed || this.#soon) return
    this.#soon = this.#parts.clock.after(20, () => {
      this.#soon = null
      this.#look()
    })
  }

  #look(): void {
    const definition = this.#definition
    if (definition === null || this.#closed) return
    const { state, figures, clock } = this.#parts
    const sight: Sight = {
      definition,
      services: state.slice('services').all(),
      machine: state.slice('machine').get('machine'),
      figures,
      wall: clock.wall(),
    }
    const all = Object.values(definition.recovery)
    for (const policy of all) {
      try {
        if (this.#isOn(policy)) this.#lookAt(policy, sight)
        else this.#watch.forget(policy.id)
      } catch (error) {
        this.#parts.logger.error('A recovery policy could not be looked at.', {
          policy: policy.id,
          error: String(error),
        })
      }
      this.#show(policy)
    }
  }

  #lookAt(policy: PolicyDefinition, sight: Sight): void {
    const now = this.#parts.seenMs()
    // A service that site.yaml has and that is not shown yet is not gone.
    const coming = (subject: string) => {
      const id = subject.replace(/^service:/, '')
      return Object.hasOwn(sight.definition.services, id) && !Object.hasOwn(sight.services, id)
    }
    const open = this.#attempts.open(policy.id).filter((subject) => !coming(subject))
    const seen = this.#watch.see(policy, findings(policy, this.#conditions.get(policy.id) ?? null, sight), open, now)
    this.#shown.set(
      policy.id,
      seen.flatMap((each) => this.#decideOn(policy, each, now) ?? []),
    )
  }

  /** Decides on one subject, does what was decided, and tells what to show of it. */
  #decideOn(policy: PolicyDefinition, seen: Seen, now: number): SubjectView | null {
    const { subject, since } = seen
    const acting = this.#actor.acting(policy.id, subject)
    const past = this.#attempts.past(policy.id, subject)
    if (acting !== null) return this.#subjectView(policy, seen, 'acting', null, acting)
    if (since === null) this.#teller.goesOn(policy, subject)
    const run = stepRun(this.#definition, policy, subject, 0, seen.evidence)
    const facts = {
      since,
      well: seen.over !== null,
      held: since === null ? null : this.#parts.held(),
      busy: since !== null && (this.#orderRuns(subject) || this.#actor.busy(run)),
    }
    const decision = decide(policy, facts, past, now)
    switch (decision.do) {
      case 'rest':
        return decision.state === 'armed' ? null : this.#subjectView(policy, seen, decision.state, decision.until, null)
      case 'close':
        this.#teller.over(policy, seen)
        return null
      case 'wait':
        return this.#subjectView(policy, seen, decision.state, decision.until, nextStep(policy, past))
      case 'yield':
        return this.#subjectView(policy, seen, 'waiting', null, nextStep(policy, past))
      case 'hold':
        this.#teller.held(policy, seen, nextStep(policy, past), decision.why)
        return this.#subjectView(policy, seen, 'held', null, nextStep(policy, past))
      case 'give-up':
        this.#teller.gaveUp(policy, seen, decision, this.#definition)
        if (decision.state === 'idle') return null
        return this.#subjectView(
          policy,
          seen,
          decision.state === 'used-up' ? 'used-up' : 'given-up',
          decision.until,
          null,
        )
      case 'act':
        return this.#actUnlessLate(policy, seen, decision.step, now)
    }
  }

  #act(policy: PolicyDefinition, seen: Seen, step: number): void {
    const { jobs, logger, seenMs } = this.#parts
    const { subject, evidence, event } = seen
    const run = stepRun(this.#definition, policy, subject, step, evidence)
    const cause: Cause = event === null ? { type: 'observation', what: evidence } : { type: 'event', id: event }
    const key = `${policy.id} ${subject}`
    this.#actor
      .begin(run, step, cause, false)
      .then(({ ended }) => {
        this.#notBefore.delete(key)
        this.#teller.goesOn(policy, subject)
        return ended
      })
      .then((result) => {
        if (policy.when.kind === 'event' && result === 'done') this.#watch.settled(policy.id, subject)
      })
      .catch((error: unknown) => {
        const other = isLaneBusy(error) ? jobs.get(String(error.problem.params.job))?.title : undefined
        const heldBy = other === undefined ? null : `"${other}"`
        this.#notBefore.set(key, { until: seenMs() + againAfterMs, heldBy })
        if (heldBy !== null) this.#teller.held(policy, seen, step, heldBy)
        logger.warn('A step of recovery could not begin.', { policy: policy.id, subject, error: String(error) })
      })
  }

  /** Begins the step, unless it could not begin a moment ago. */
  #actUnlessLate(policy: PolicyDefinition, seen: Seen, step: number, now: number): SubjectView {
    const late = this.#notBefore.get(`${policy.id} ${seen.subject}`)
    if (late === undefined || late.until <= now) this.#act(policy, seen, step)
    else if (late.heldBy !== null) return this.#subjectView(policy, seen, 'held', null, step)
    return this.#subjectView(policy, seen, 'acting', null, step)
  }

  #subjectView(
    policy: PolicyDefinition,
    seen: Seen,
    state: PolicyState,
    until: number | null,
    step: number | null,
  ): SubjectView {
    const { clock, seenMs } = this.#parts
    const now = seenMs()
    const past = this.#attempts.past(policy.id, seen.subject)
    return {
      subject: seen.subject,
      state,
      // To the second: the two clocks do not tick together.
      until: until === null ? null : Math.round((clock.wall() + until - now) / 1_000) * 1_000,
      step,
      sentence: seen.since === null ? '' : seen.evidence,
      usedToday: past.filter(({ counts, begun }) => counts && now - begun < dayMs).length,
    }
  }

  #show(policy: PolicyDefinition): void {
    const definition = this.#definition
    if (definition === null || this.#closed) return
    const [last = null] = this.#attempts.newest(policy.id)
    const on = policy.on && definition.parts.recovery !== false
    const switchedOff = this.#switchedOff.has(policy.id)
    const subjects = this.#shown.get(policy.id) ?? []
    const candidates = candidatesOf(policy, definition)
    const view = policyView(policy, { on, switchedOff, subjects, candidates, last })
    const slice = this.#parts.state.slice('recovery')
    if (JSON.stringify(slice.get(policy.id)) !== JSON.stringify(view)) slice.set(policy.id, view)
  }

  #remember(events: readonly EventRecord[]): void {
    const definition = this.#definition
    if (definition === null) return
    const waiting = Object.values(definition.recovery).filter(
      (policy) => policy.when.kind === 'event' && this.#isOn(policy),
    )
    if (waiting.length === 0) return
    for (const event of events) {
      // What recovery itself has caused is no new trouble.
      if (event.kind.startsWith('recovery.') || this.#isOwn(event)) continue
      for (const policy of waiting) {
        if (policy.when.kind !== 'event' || policy.when.event !== event.kind) continue
        this.#watch.happened(policy, event, this.#parts.seenMs())
        this.#lookSoon()
      }
    }
  }

  #isOwn({ operation }: EventRecord): boolean {
    return operation !== null && (this.#parts.jobs.get(operation)?.kind.startsWith('recovery.') ?? false)
  }

  /** Whether a person's order on the subject is under way: that counts more. */
  #orderRuns(subject: string): boolean {
    return this.#parts.jobs
      .running()
      .some(
        (job) =>
          job.kind.startsWith('services.') && (job.subject === subject || job.subject === 'site' || subject === 'site'),
      )
  }

  #isOn(policy: PolicyDefinition): boolean {
    return policy.on && this.#definition?.parts.recovery !== false && !this.#switchedOff.has(policy.id)
  }

  #stepOf({ policy: id, subject }: RunRequest): { readonly run: StepRun; readonly step: number } {
    const policy = policyOf(this.#definition, id)
    const shown = this.#shown.get(id) ?? []
    const chosen = subjectOf(policy, subject, shown, this.#definition)
    const step = nextStep(policy, this.#attempts.past(id, chosen))
    const evidence = shown.find((each) => each.subject === chosen)?.sentence ?? ''
    const why = evidence === '' ? 'A person asked for it.' : evidence
    return { run: stepRun(this.#definition, policy, chosen, step, why), step }
  }
}
