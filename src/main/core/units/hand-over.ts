import type { Attention } from '#core/attention/index.ts'
import type { ServiceDefinition, UnitDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import type { Clock, CrashPoints } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, Severity } from '#shared/vocabulary.ts'
import { handOverCardOf, unitEvents } from './event-kinds.ts'
import { adoptRefusal, isEnabled, type Looked, readyWithinMs, releaseRefusal } from './hand-over-plan.ts'
import type { Systemctl } from './systemctl.ts'
import type { ServiceHands } from './types.ts'
import { isActive, unitProperties, unitState } from './unit-properties.ts'
import type { Holding, UnitRecords } from './unit-records.ts'

export interface HandOverPorts {
  readonly systemctl: Systemctl
  readonly records: UnitRecords
  readonly hands: () => ServiceHands
  /** Makes all parts work by who runs what now. */
  readonly redefine: () => Promise<void>
  /** Who runs the service from now on; takes effect with {@link redefine}. */
  readonly hold: (service: string, holder: 'systemd' | 'console') => void
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly crashPoints: CrashPoints
}

/** A service whose unit is named. */
export type UnitService = ServiceDefinition & { readonly unit: UnitDefinition }

/** Looks at everything that a handing over depends on; never rejects. */
export async function lookClosely(unit: UnitDefinition, systemctl: Systemctl): Promise<Looked> {
  const shown = await systemctl.show(unit.of, [unit.name], unitProperties)
  if (shown.answer !== 'shown') return { unit, properties: null, sentence: shown.sentence }
  return { unit, properties: shown.units[0] ?? {}, sentence: '' }
}

/**
 * Hands a service over from its unit to the console and back. What is meant to be done is on record before the unit is touched; found
 * at start, it is undone or finished by {@link giveBack}.
 */
export class HandOver {
  readonly #ports: HandOverPorts

  constructor(ports: HandOverPorts) {
    this.#ports = ports
  }

  /** The unit is stopped and disabled, the console's service started; back again when that does not become ready. */
  async adopt(service: UnitService, job: JobContext): Promise<JobOutcome> {
    const { systemctl, records, hands, clock, crashPoints } = this.#ports
    const { id, title, unit } = service
    const stops = hands().emergencyStops
    const before = await job.step('look', async () => {
      const looked = await lookClosely(unit, systemctl)
      const holding = records.get(id)
      const refusal = adoptRefusal(service, holding, looked)
      if (refusal) throw refusal
      const state = unitState(looked.properties ?? {})
      // One that was never given back has its first state on record: what it is now is of our own making.
      return (
        holding?.before ?? { active: state !== null && isActive(state), enabled: state?.startedAtBoot ?? 'unknown' }
      )
    })
    job.noReturn('the unit and the service are changing places; what cannot be finished is undone by itself.')
    const holding: Holding = { service: id, unit, phase: 'adopting', before, at: clock.wall() }
    await job.step('record', () => records.put(holding))
    crashPoints.reach('units.after-intent')
    try {
      await job.step('stop', () => this.#stopUnit(unit, before.enabled))
      const proof = await job.step('start', () => this.#startHere(service, job))
      if (proof.at === 'not ready') {
        throw new ConsoleError('unit-service-not-ready', proof.reason, `Open ${id} to see its log and the reason.`)
      }
      crashPoints.reach('units.after-ready')
      await job.step('keep', () => records.put({ ...holding, phase: 'adopted' }))
      if (proof.at === 'stopped') {
        throw new ConsoleError(
          'unit-service-stopped',
          `${title} was taken over from ${unit.name} and then stopped by somebody before it was ready.`,
          `Start it when it is wanted, or give it back with \`wheelhouse release ${id}\`.`,
        )
      }
    } catch (error) {
      if (records.get(id)?.phase === 'adopted') throw error
      throw await this.#wayBack(service, error, job, stops)
    }
    this.#clear(id, job.cause)
    const message = `The console runs ${title} now; ${unit.name} is stopped${isEnabled(before.enabled) ? ' and disabled' : ''}.`
    this.#tell(unitEvents.adopted, id, 'notice', message, job)
    return { message, data: { unit: unit.name, before } }
  }

  /** The console stops the service and the unit gets it back, as it was before. */
  async release(service: UnitService, job: JobContext): Promise<JobOutcome> {
    const { systemctl, records, hands } = this.#ports
    const { id, title } = service
    const stops = hands().emergencyStops
    const holding = await job.step('look', async () => {
      const held = records.get(id)
      const looked = await lookClosely(held?.unit ?? service.unit, systemctl)
      const refusal = releaseRefusal(id, held, looked)
      if (refusal) throw refusal
      if (!held) throw new Error('A release without a holding is refused.')
      return held
    })
    job.noReturn('the service and the unit are changing places; what cannot be finished is undone by itself.')
    const ran = holding.phase === 'adopted'
    try {
      const message = await job.step('back', () => this.giveBack(service, holding, job, stops))
      this.#tell(unitEvents.released, id, 'notice', message, job)
      this.#clear(id, job.cause)
      return { message, data: { unit: holding.unit.name } }
    } catch (error) {
      if (!ran) throw this.#stuck(service, holding, error, job)
      throw await this.#keepAfterAll(service, holding, title, error, job)
    }
  }

  /**
   * Gives the unit what is on record: its service, enabled as it was, and running if it ran. Safe to begin again at any place: what
   * is as it was before is not touched. Resolves with what was done, in one sentence.
   */
  async giveBack(service: UnitService, holding: Holding, job: JobContext, stops: number): Promise<string> {
    const { systemctl, records, hands, hold, redefine, crashPoints } = this.#ports
    const { id, title } = service
    const { unit, before } = holding
    await records.put({ ...holding, phase: 'releasing' })
    crashPoints.reach('units.release-after-intent')
    // First what may be refused: nothing has been stopped yet.
    const { properties } = await lookClosely(unit, systemctl)
    const found = properties && unitState(properties)
    if (isEnabled(before.enabled) && found?.startedAtBoot !== before.enabled) {
      await systemctl.act('enable', unit, atRuntime(before.enabled))
    }
    await this.#stopHere(id, job)
    crashPoints.reach('units.release-after-stop')
    hold(id, 'systemd')
    await redefine()
    const isCalledOff = hands().emergencyStops > stops
    const runsAlready = found !== null && isActive(found)
    if (before.active && !isCalledOff && !runsAlready) await this.#startUnit(unit)
    crashPoints.reach('units.release-after-start')
    await records.remove(id)
    // From here on it is watched again as what somebody else runs.
    await hands().start([id], { cause: job.cause, operation: job.operation })
    if (runsAlready) return `${unit.name} runs ${title} as before.`
    if (isCalledOff) {
      return `${title} is given back to ${unit.name}, which was not started, because everything was stopped meanwhile.`
    }
    return before.active
      ? `${unit.name} runs ${title} again.`
      : `${title} is given back to ${unit.name}, which is stopped, as it was before: nothing runs it now.`
  }

  /** Puts what an earlier console left half done in order. */
  async finish(service: UnitService, holding: Holding, job: JobContext): Promise<JobOutcome> {
    try {
      const stops = this.#ports.hands().emergencyStops
      const done = await job.step('back', () => this.giveBack(service, holding, job, stops))
      const message = `The console ended while ${service.title} changed places with ${holding.unit.name}. ${done}`
      this.#tell(unitEvents.givenBack, service.id, 'error', message, job)
      this.#raise(service, `${service.title} was given back to systemd`, message, 'warning', job.cause)
      return { message }
    } catch (error) {
      throw this.#stuck(service, holding, error, job)
    }
  }

  async #stopUnit(unit: UnitDefinition, enabled: string): Promise<void> {
    const { systemctl, crashPoints } = this.#ports
    if (isEnabled(enabled)) await systemctl.act('disable', unit, atRuntime(enabled))
    crashPoints.reach('units.after-disable')
    await systemctl.act('stop', unit)
    const { properties, sentence } = await lookClosely(unit, systemctl)
    const state = properties && unitState(properties)
    if (!properties || (state && (isActive(state) || state.pid !== null))) {
      throw new ConsoleError(
        'unit-not-stopped',
        properties ? `${unit.name} is ${state?.active} although it was stopped: something starts it again.` : sentence,
        `Look at \`systemctl status ${unit.name}\` for what starts it.`,
        { params: { unit: unit.name }, retryable: true },
      )
    }
    crashPoints.reach('units.after-stop')
  }

  async #startHere(service: UnitService, job: JobContext) {
    const { hold, redefine, hands, crashPoints } = this.#ports
    hold(service.id, 'console')
    await redefine()
    crashPoints.reach('units.after-switch')
    return await hands().prove(service.id, readyWithinMs(service), { cause: job.cause, operation: job.operation })
  }

  async #stopHere(id: string, job: JobContext): Promise<void> {
    const { failed } = await this.#ports.hands().stopAlone(id, { cause: job.cause, operation: job.operation })
    const [first] = failed
    if (!first) return
    const remedy = 'Put right what keeps it from stopping, then try again.'
    throw new ConsoleError('unit-service-not-stopped', `${id} could not be stopped here: ${first.reason}`, remedy, {
      params: { service: id },
      retryable: true,
    })
  }

  async #startUnit(unit: UnitDefinition): Promise<void> {
    const { systemctl } = this.#ports
    await systemctl.act('start', unit)
    const { properties, sentence } = await lookClosely(unit, systemctl)
    const state = properties && unitState(properties)
    if (state && isActive(state)) return
    throw new ConsoleError(
      'unit-not-started',
      properties ? `${unit.name} was started and is ${state?.active ?? 'gone'} again.` : sentence,
      `Look at \`journalctl -u ${unit.name}\` for the reason.`,
      { params: { unit: unit.name }, retryable: true },
    )
  }

  /** The adoption failed: the unit gets its service back. Resolves with what the job fails with. */
  async #wayBack(service: UnitService, error: unknown, job: JobContext, stops: number): Promise<ConsoleError> {
    const { records } = this.#ports
    const { id, title, unit } = service
    const why = sentenceOf(error)
    const holding = records.get(id)
    if (!holding) throw error
    job.log(why)
    try {
      const done = await job.step('Give it back to systemd', () => this.giveBack(service, holding, job, stops))
      const message = `${title} could not be taken over from ${unit.name}: ${why} It was given back. ${done}`
      this.#tell(unitEvents.givenBack, id, 'error', message, job)
      const remedy = error instanceof ConsoleError ? error.problem.remedy : 'Put that right, then adopt it again.'
      this.#raise(
        service,
        `${title} could not be taken over from systemd`,
        `${message} ${remedy}`,
        'warning',
        job.cause,
      )
      return new ConsoleError('unit-given-back', message, remedy, { params: { service: id, unit: unit.name } })
    } catch (failure) {
      return this.#stuck(service, holding, failure, job, why)
    }
  }

  /** The unit could not get its service back: the console runs it on. Resolves with what the job fails with. */
  async #keepAfterAll(
    service: UnitService,
    holding: Holding,
    title: string,
    error: unknown,
    job: JobContext,
  ): Promise<ConsoleError> {
    const { records, hold, redefine, hands } = this.#ports
    const { id } = service
    const { unit } = holding
    const why = sentenceOf(error)
    try {
      await job.step('Stop the unit again', () => this.#stopUnit(unit, holding.before.enabled))
      await records.put({ ...holding, phase: 'adopted' })
      hold(id, 'console')
      await redefine()
      await hands().start([id], { cause: job.cause, operation: job.operation })
      const message = `${title} could not be given back to ${unit.name}: ${why} The console runs it on.`
      this.#tell(unitEvents.stuck, id, 'error', message, job)
      const remedy = error instanceof ConsoleError ? error.problem.remedy : 'Put that right, then release it again.'
      return new ConsoleError('unit-not-released', message, remedy, { params: { service: id, unit: unit.name } })
    } catch (failure) {
      return this.#stuck(service, holding, failure, job, why)
    }
  }

  /** Nobody may run the service now, and a person must act: said as loudly as can be. */
  #stuck({ id, title }: UnitService, { unit, before }: Holding, error: unknown, job: JobContext, first = '') {
    const why = [first, sentenceOf(error)].filter(Boolean).join(' Then: ')
    const message = `${title} could not be given back to ${unit.name}, and the console does not run it: ${why}`
    const ctl = unit.of === 'user' ? 'systemctl --user' : 'sudo systemctl'
    const byHand = [
      ...(isEnabled(before.enabled) ? [`${ctl} enable ${unit.name}`] : []),
      ...(before.active ? [`${ctl} start ${unit.name}`] : []),
    ].join(' && ')
    const remedy = `${byHand === '' ? '' : `By hand: \`${byHand}\`. `}Then \`wheelhouse release ${id}\`, which finds it done; or \`wheelhouse adopt ${id}\` tries again.`
    this.#tell(unitEvents.stuck, id, 'error', message, job)
    this.#ports.attention.raise({
      id: handOverCardOf(id),
      subject: `service:${id}`,
      severity: 'critical',
      title: `${title} is neither with systemd nor with the console`,
      why: `${message} ${remedy}`,
      fixes: [
        { label: 'Give it back', action: { type: 'release-unit', service: id } },
        { label: 'Adopt it', action: { type: 'adopt-unit', service: id } },
      ],
      cause: job.cause,
      dismissible: false,
    })
    return new ConsoleError('unit-stuck', message, remedy, {
      params: { service: id, unit: unit.name },
      retryable: true,
    })
  }

  #raise({ id }: UnitService, title: string, why: string, severity: 'warning', cause: Cause): void {
    this.#ports.attention.raise({
      id: handOverCardOf(id),
      subject: `service:${id}`,
      severity,
      title,
      why,
      fixes: [
        { label: 'See what happened', action: { type: 'go-to', page: `/services/${id}?tab=history` } },
        { label: 'Adopt again…', action: { type: 'adopt-unit', service: id } },
      ],
      cause,
      dismissible: true,
    })
  }

  #clear(id: string, cause: Cause): void {
    this.#ports.attention.clear(handOverCardOf(id), cause)
  }

  #tell(kind: string, id: string, severity: Severity, message: string, { cause, operation }: JobContext): void {
    this.#ports.events.emit({ kind, subject: `service:${id}`, severity, message, cause, operation })
  }
}

function atRuntime(enabled: string): readonly string[] {
  return enabled === 'enabled-runtime' ? ['--runtime'] : []
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
