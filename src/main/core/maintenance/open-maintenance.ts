import type { Attention } from '#core/attention/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { Messaging } from '#core/messaging/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { MaintenanceView } from '#shared/contract/maintenance.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { maintenanceEvents } from './event-kinds.ts'
import { heldKinds, heldNothing, leftMs, lengthWords, reportOf, reportSentence, stopsAll } from './report.ts'
import { storedPeriod, storePeriod } from './tables.ts'
import type { Maintenance, Period, Report } from './types.ts'

export interface MaintenanceParts {
  /** The control database, with `maintenanceSchema`. */
  readonly database: Database
  readonly events: EventLog
  readonly attention: Attention
  readonly services: Pick<Coordinator, 'holdRestarts'>
  readonly messages: Pick<Messaging, 'holdDeliveries'>
  /** Starts what is enabled: asked for at the end when the console did not start the site by itself. */
  readonly startSite: (cause: Cause) => Promise<unknown>
  readonly state: Slice<MaintenanceView>
  /** Milliseconds that the console has seen pass on this site, whatever the wall clock does. */
  readonly seenMs: () => number
  readonly clock: Clock
  readonly logger: Logger
}

const shortestMs = 60_000
const longestMs = 7 * 24 * 60 * 60_000
/** How often it is looked at whether it is over, and what is shown follows a clock that was set. Milliseconds. */
const lookEveryMs = 5_000
/** What is read of the log for the report; a maintenance that held back more names the first of it. */
const mostHeld = 1_000

/** Opens maintenance: one that was on when the console ended goes on, or ends now when its time is over. */
export async function openMaintenance(parts: MaintenanceParts): Promise<Maintenance> {
  const maintenance = new SiteMaintenance(parts)
  await maintenance.takeUp()
  return maintenance
}

class SiteMaintenance implements Maintenance {
  readonly #parts: MaintenanceParts
  readonly #following: readonly Disposable[]
  #period: Period | null = null
  #last: MaintenanceView['last'] = null
  #held = { restarts: 0, recoveries: 0 }
  #timer: Disposable | null = null
  #ending: Promise<void> | null = null
  /** A beginning and an end take turns: one that is given another end as it ends would be half on. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: MaintenanceParts) {
    this.#parts = parts
    this.#following = [
      parts.events.onCommitted((events) => this.#heed(events)),
      parts.attention.onChanged(() => this.#show()),
      parts.database.onReplaced(() => void this.#store(this.#period).catch(() => {})),
    ]
  }

  get on(): boolean {
    return this.#period !== null
  }

  async takeUp(): Promise<void> {
    const { database, attention } = this.#parts
    const period = storedPeriod(database)
    if (period === null) {
      attention.shelve(false)
      this.#show()
      return
    }
    this.#use(period)
    this.#count(await this.#heldEvents(period))
    await this.#ending?.catch(() => {}) // its time was over while the console was not there
  }

  async begin(
    request: { readonly forMs: number; readonly reason: string },
    cause: Cause,
  ): Promise<{ readonly until: number }> {
    if (request.forMs < shortestMs || request.forMs > longestMs) throw badLength()
    return await this.#inTurn(() => this.#begin(request, cause))
  }

  async #begin(
    { forMs, reason }: { readonly forMs: number; readonly reason: string },
    cause: Cause,
  ): Promise<{ readonly until: number }> {
    const { events, clock, seenMs } = this.#parts
    const wasOn = this.#period
    const why = reason.trim()
    const said = why === '' ? '' : ` ${/[.!?]$/.test(why) ? why : `${why}.`}`
    const event = await events.record({
      kind: wasOn ? maintenanceEvents.changed : maintenanceEvents.began,
      subject: 'site',
      severity: 'notice',
      message: wasOn
        ? `Maintenance goes on for ${lengthWords(forMs)} from now.${said}`
        : `Maintenance is on for ${lengthWords(forMs)}: nothing is started again or recovered by itself, and cards are kept.${said}`,
      cause,
      data: { forMs, reason: why },
    })
    const period: Period = {
      reason: why,
      began: wasOn?.began ?? clock.wall(),
      forMs: forMs + (wasOn ? seenMs() - wasOn.beganSeenMs : 0),
      beganSeenMs: wasOn?.beganSeenMs ?? seenMs(),
      event: wasOn?.event ?? event.id,
      seq: wasOn?.seq ?? event.seq,
      startDeferred: wasOn?.startDeferred ?? false,
    }
    await this.#store(period)
    if (!wasOn) this.#held = { restarts: 0, recoveries: 0 }
    this.#use(period)
    return { until: this.#until(period) }
  }

  async end(cause: Cause): Promise<void> {
    if (this.#period === null) {
      throw new ConsoleError('maintenance-off', 'Maintenance is not on.', 'Nothing needs to be done.')
    }
    await this.#end(cause)
  }

  deferStart(): boolean {
    const period = this.#period
    if (period === null || this.#ending) return false
    const deferred = { ...period, startDeferred: true }
    this.#period = deferred
    void this.#store(deferred).catch(() => {})
    this.#parts.logger.info('The site is not started by itself: maintenance is on.')
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    for (const each of this.#following) each[Symbol.dispose]()
    await this.#ending?.catch(() => {})
    this.#parts.state.delete('maintenance')
  }

  #use(period: Period): void {
    const { services, messages, attention } = this.#parts
    this.#period = period
    services.holdRestarts('maintenance', { type: 'event', id: period.event })
    attention.shelve(true)
    messages.holdDeliveries(true)
    this.#show()
    this.#look()
  }

  #look(): void {
    const period = this.#period
    this.#timer?.[Symbol.dispose]()
    if (this.#closed || period === null) return
    const left = leftMs(period, this.#parts.seenMs())
    if (left <= 0) {
      const cause: Cause = { type: 'schedule', name: 'the end of maintenance' }
      this.#end(cause).catch((error: unknown) => {
        this.#parts.logger.warn('Maintenance could not be ended yet.', { error: String(error) })
        this.#timer = this.#parts.clock.after(lookEveryMs, () => this.#look())
      })
      return
    }
    this.#show()
    this.#timer = this.#parts.clock.after(Math.min(left, lookEveryMs), () => this.#look())
  }

  #end(cause: Cause): Promise<void> {
    this.#ending ??= this.#inTurn(() => this.#finish(cause)).finally(() => {
      this.#ending = null
    })
    return this.#ending
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #finish(cause: Cause): Promise<void> {
    const { events, attention, services, messages, startSite, clock, logger } = this.#parts
    await events.settled() // a stop of a moment ago is heeded
    const period = this.#period
    if (period === null) return
    // It was given another end while this waited for its turn.
    if (cause.type === 'schedule' && leftMs(period, this.#parts.seenMs()) > 0) return
    const report = reportOf(period, await this.#heldEvents(period), attention.open())
    const sentence = reportSentence(report)
    const ended = await events.record({
      kind: maintenanceEvents.ended,
      subject: 'site',
      severity: heldNothing(report) ? 'info' : 'notice',
      message: `Maintenance is over. ${sentence}`,
      cause,
      data: { ...report, reason: period.reason, lastedMs: Math.round(this.#parts.seenMs() - period.beganSeenMs) },
    })
    const because: Cause = { type: 'event', id: ended.id }
    await this.#store(null)
    const isDeferred = this.#period?.startDeferred ?? false
    this.#period = null
    this.#timer?.[Symbol.dispose]()
    this.#last = { at: clock.wall(), sentence }
    if (!heldNothing(report)) this.#raise(report, sentence, because)
    attention.shelve(false)
    services.holdRestarts(null, because)
    messages.holdDeliveries(false)
    this.#show()
    if (!isDeferred) return
    await startSite(because).catch((error: unknown) =>
      logger.warn('The site could not be started after maintenance.', { error: String(error) }),
    )
  }

  #raise(report: Report, sentence: string, cause: Cause): void {
    const [first] = report.restarts
    this.#parts.attention.raise({
      id: 'maintenance-over',
      subject: 'site',
      severity: 'notice',
      title: 'Maintenance is over',
      why: sentence,
      fixes: [
        { label: 'Show the timeline', action: { type: 'go-to', page: '/timeline' } },
        ...(first
          ? [{ label: `Open ${first.service}`, action: { type: 'go-to', page: `/services/${first.service}` } } as const]
          : []),
      ],
      cause,
      dismissible: true,
    })
  }

  async #heldEvents({ seq }: Period): Promise<readonly EventRecord[]> {
    const { events } = this.#parts
    await events.settled()
    const pages = await Promise.all(
      Object.values(heldKinds).map((kind) => events.page({ kind, after: seq, order: 'oldest', limit: mostHeld })),
    )
    return pages.flatMap((page) => page.events)
  }

  #heed(events: readonly EventRecord[]): void {
    const period = this.#period
    if (period?.startDeferred && events.some(stopsAll)) {
      this.#period = { ...period, startDeferred: false }
      if (!this.#ending) void this.#store(this.#period).catch(() => {})
      this.#parts.logger.info('The site is not started after maintenance: everything was stopped meanwhile.')
    }
    this.#count(events)
  }

  #count(events: readonly EventRecord[]): void {
    if (this.#period === null) return
    let { restarts, recoveries } = this.#held
    for (const { kind } of events) {
      if (kind === heldKinds.restart) restarts++
      if (kind === heldKinds.recovery) recoveries++
    }
    if (restarts === this.#held.restarts && recoveries === this.#held.recoveries) return
    this.#held = { restarts, recoveries }
    this.#show()
  }

  #until(period: Period): number {
    return this.#parts.clock.wall() + leftMs(period, this.#parts.seenMs())
  }

  #show(): void {
    if (this.#closed) return
    const { state, attention } = this.#parts
    const period = this.#period
    const until = period && this.#until(period)
    const shown = state.get('maintenance')
    // A second more or less is the way the two clocks are read, not another end.
    const steady = shown?.until && until && Math.abs(shown.until - until) < 1_500 ? shown.until : until
    state.set('maintenance', {
      on: period !== null,
      reason: period?.reason ?? '',
      since: period?.began ?? null,
      until: steady,
      event: period?.event ?? null,
      held: { ...this.#held, cards: attention.open().filter(({ shelved }) => shelved === true).length },
      last: this.#last,
    })
  }

  #store(period: Period | null): Promise<void> {
    return storePeriod(this.#parts.database, period)
  }
}

function badLength(): ConsoleError {
  return new ConsoleError(
    'maintenance-length',
    'Maintenance lasts from a minute to a week.',
    'Give a length such as 30m, 2h or 1d; it can be made longer while it is on.',
  )
}
