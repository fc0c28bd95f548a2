import type { Attention } from '#core/attention/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { DrillRun } from '#shared/contract/drills.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Deed } from './deed.ts'
import type { Drill } from './drill-list.ts'
import { deedWords, msInWords } from './drill-words.ts'
import { drillEvents } from './event-kinds.ts'
import type { DrillRecords } from './tables.ts'
import type { Undo } from './types.ts'
import type { Waiting } from './waiting.ts'

export interface DrillRunParts {
  readonly drill: Drill
  readonly deed: Deed
  readonly run: DrillRun
  readonly service: () => ServiceView | undefined
  /** Throws when the drill may not be done after all. */
  readonly assertNow: () => void
  readonly coordinator: Pick<Coordinator, 'excuse' | 'start'>
  readonly attention: Attention
  readonly events: EventLog
  readonly records: DrillRecords
  readonly clock: Clock
  readonly logger: Logger
  /** Told whenever the run has changed. */
  readonly onChanged: (run: DrillRun) => void
}

/**
 * One drill from its first look to its report. Whatever happens, what it did is undone, the service keeps its restart budget, and its
 * cards are shown again.
 */
export class OneDrill {
  readonly #parts: DrillRunParts
  readonly #job: JobContext
  #run: DrillRun
  #undo: Undo = { type: 'nothing' }
  #began: { readonly at: number; readonly event: string; readonly cause: Cause } | null = null
  #restartsBefore = 0

  constructor(parts: DrillRunParts, job: JobContext) {
    this.#parts = parts
    this.#job = job
    this.#run = parts.run
  }

  /** Resolves with its outcome when it completed; rejects with `drill-failed` and its verdict when it did not. */
  async conduct(): Promise<JobOutcome> {
    const { drill, deed, assertNow, coordinator, attention } = this.#parts
    const job = this.#job
    await job.step('check', async () => assertNow())
    this.#undo = await deed.prepare(job)
    assertNow()
    this.#restartsBefore = this.#parts.service()?.restarts ?? 0
    await this.#put({})
    const holds: Disposable[] = []
    try {
      const event = await this.#tellStarted()
      const cause: Cause = { type: 'event', id: event }
      holds.push(attention.shelveOf(`service:${drill.service}`))
      holds.push(coordinator.excuse(drill.service, { cause, operation: job.operation }))
      await this.#measure(event, cause)
    } catch (error) {
      await this.#end(error)
      throw error
    } finally {
      for (const hold of holds) hold[Symbol.dispose]()
    }
    return { message: this.#run.verdict, data: { ...this.#run } }
  }

  async #measure(event: string, cause: Cause): Promise<void> {
    const { drill, deed, clock, attention } = this.#parts
    const job = this.#job
    const { signal } = job
    await job.step('act', async () => {
      signal.throwIfAborted()
      this.#began = { at: clock.monotonic(), event, cause }
      await deed.act(cause)
    })
    const waiting: Waiting = { clock, deadline: (this.#began?.at ?? 0) + drill.withinMs, signal }
    const detectedBy = await job.step('notice', async () => {
      const noticed = await deed.noticed(waiting, job)
      if (noticed !== null) return noticed
      const why = deed.shortfall ?? 'nothing told it'
      throw this.#failed(`The console did not notice within ${msInWords(drill.withinMs)}: ${why}.`)
    })
    this.#change({ detectMs: this.#ms(), detectedBy })
    job.log(`Noticed after ${msInWords(this.#ms())}.`)
    const recoveredBy = await job.step('recover', async () => {
      const recovered = await deed.recovered(waiting, job)
      if (recovered !== null) return recovered
      const why = deed.shortfall ?? `${drill.service} is ${this.#stateWords()}`
      throw this.#failed(
        `It was noticed after ${msInWords(this.#run.detectMs ?? 0)}, but not put right within ${msInWords(drill.withinMs)}: ${why}.`,
      )
    })
    const recoverMs = this.#ms()
    // Of a database the deed knows better whether a look or a check found it.
    const seenBy = drill.do === 'corrupt-database' ? null : await this.#firstEffect(event)
    await deed.undo()
    this.#undo = { type: 'nothing' }
    const verdict = `Noticed after ${msInWords(this.#run.detectMs ?? 0)}, healthy again after ${msInWords(recoverMs)}.`
    await this.#finish({
      state: 'completed',
      recoverMs,
      recoveredBy,
      detectedBy: seenBy ?? detectedBy,
      restarts: this.#restarts(),
      lost: deed.lost(),
      verdict,
    })
    attention.clear(cardOf(drill), cause)
  }

  /** After a failure or a cancel: everything is taken back, and the report says what came of it. */
  async #end(error: unknown): Promise<void> {
    const { drill, deed, attention, logger } = this.#parts
    const cancelled = this.#job.signal.aborted
    let verdict = error instanceof Error ? error.message : String(error)
    let alarm = false
    try {
      const taken = await deed.undo()
      this.#undo = { type: 'nothing' }
      if (taken !== null) verdict = `${verdict} ${taken}`
    } catch (failure) {
      alarm = true
      verdict = `${verdict} What the drill did could not be taken back: ${failure instanceof Error ? failure.message : failure}`
      logger.error('A drill could not be undone.', { drill: drill.id, error: String(failure) })
    }
    await this.#startAgain()
    const state = cancelled ? 'cancelled' : 'failed'
    const ended = { state, restarts: this.#restarts(), lost: deed.lost(), verdict } as const
    await this.#finish(ended).catch((failure: unknown) =>
      logger.error('The end of a drill could not be recorded.', { drill: drill.id, error: String(failure) }),
    )
    if (cancelled && !alarm) return
    attention.raise({
      id: cardOf(drill),
      subject: `drill:${drill.id}`,
      severity: alarm ? 'critical' : 'warning',
      title: alarm ? `The drill "${drill.title}" could not be undone` : `The drill "${drill.title}" failed`,
      why: verdict,
      fixes: [
        { label: 'See the drills', action: { type: 'go-to', page: '/diagnose#drills' } },
        { label: `See ${drill.service}`, action: { type: 'go-to', page: `/services/${drill.service}` } },
      ],
      cause: this.#began?.cause ?? this.#job.cause,
      dismissible: !alarm,
    })
  }

  /** A service that was given up because of the drill is started; one that the console starts by itself is left to it. */
  async #startAgain(): Promise<void> {
    const { drill, service, coordinator, logger } = this.#parts
    const view = service()
    if (view?.state !== 'failed' || !view.wanted || this.#job.signal.aborted) return
    const order = { cause: this.#began?.cause ?? this.#job.cause, operation: this.#job.operation }
    const { failed } = await coordinator.start([drill.service], order)
    for (const { reason } of failed) logger.error(`${drill.service} did not start again after a drill: ${reason}`)
  }

  async #finish(change: Partial<DrillRun>): Promise<void> {
    await this.#put({ ...change, endedAt: this.#parts.clock.wall() })
    const { drill, events } = this.#parts
    const { state, verdict, detectMs, recoverMs, restarts } = this.#run
    events.emit({
      kind:
        state === 'completed' ? drillEvents.completed : state === 'failed' ? drillEvents.failed : drillEvents.cancelled,
      subject: `service:${drill.service}`,
      severity: state === 'failed' ? 'warning' : 'notice',
      message: `Drill "${drill.title}": ${verdict}`,
      cause: this.#began?.cause ?? this.#job.cause,
      operation: this.#job.operation,
      data: { drill: drill.id, detectMs, recoverMs, restarts },
    })
  }

  async #tellStarted(): Promise<string> {
    const { drill, events, service } = this.#parts
    const message = `Drill: on purpose, ${deedWords(drill, service()?.title ?? drill.service)}.`
    const { id } = await events.record({
      kind: drillEvents.started,
      subject: `service:${drill.service}`,
      severity: 'notice',
      message,
      cause: this.#job.cause,
      operation: this.#job.operation,
      data: { drill: drill.id, do: drill.do, withinMs: drill.withinMs },
    })
    return id
  }

  /** The first fact of the service that followed: what the console saw, in its own words. */
  async #firstEffect(event: string): Promise<string | null> {
    const { events, drill } = this.#parts
    await events.settled()
    const subject = `service:${drill.service}`
    const fact = events.effects(event).find((each) => each.subject === subject && each.kind.startsWith('service.'))
    return fact?.message ?? null
  }

  #change(change: Partial<DrillRun>): void {
    this.#run = { ...this.#run, ...change }
    this.#parts.onChanged(this.#run)
  }

  async #put(change: Partial<DrillRun>): Promise<void> {
    this.#change(change)
    await this.#parts.records.put({ run: this.#run, undo: this.#undo })
  }

  #restarts(): number {
    return Math.max(0, (this.#parts.service()?.restarts ?? 0) - this.#restartsBefore)
  }

  #stateWords(): string {
    const view = this.#parts.service()
    if (!view) return 'not there any more'
    return `${view.state === 'running' ? view.health : view.state} (${view.reason.replace(/\.$/, '')})`
  }

  #ms(): number {
    return Math.round(this.#elapsedSince(this.#began?.at ?? 0))
  }

  #elapsedSince(at: number): number {
    return this.#parts.clock.monotonic() - at
  }

  #failed(verdict: string): ConsoleError {
    const { drill } = this.#parts
    return new ConsoleError('drill-failed', verdict, remedies[drill.do], {
      params: { drill: drill.id, service: drill.service },
    })
  }
}

/** Id of the card of a drill that failed. */
function cardOf({ id }: Drill): string {
  return `drill-failed:${id}`
}

const remedies = {
  kill: 'See that its restart policy and budget let it come back, and that it starts in time.',
  freeze: 'Give it a liveness probe, which replaces a process that stands still.',
  'cut-broker': 'See that the clients connect again by themselves.',
  'corrupt-database': 'See that there are checked copies, and what the recovery said.',
} as const satisfies Readonly<Record<Drill['do'], string>>
