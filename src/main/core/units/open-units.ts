import { userInfo } from 'node:os'
import type { Attention } from '#core/attention/index.ts'
import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobOutcome, Jobs } from '#core/jobs/index.ts'
import { type Clock, type CrashPoints, DisposableStore, type Logger } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { UnitView } from '#shared/contract/unit.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause, Health } from '#shared/vocabulary.ts'
import { BesideWatch } from './beside-watch.ts'
import { HandOver, lookClosely, type UnitService } from './hand-over.ts'
import { adoptPlan, adoptRefusal, releasePlan, releaseRefusal, writePlan } from './hand-over-plan.ts'
import { Systemctl } from './systemctl.ts'
import type { ServiceHands, Units } from './types.ts'
import { isActive, stateSentence, unitState } from './unit-properties.ts'
import { type Holding, UnitRecords } from './unit-records.ts'
import { mayRun, UnitWatch } from './unit-watch.ts'

export interface UnitsOptions {
  /** The control database, with `unitsSchema` applied. */
  readonly database: Database
  /** The coordinator, which is opened after this. */
  readonly services: () => ServiceHands
  /** Makes all parts work by {@link Units.held} as it is now. */
  readonly redefine: () => Promise<void>
  /** Throws the reason when nothing may be started now. */
  readonly assertStartable: () => void
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** Whether this console watches over the site, or only opened it for one command. */
  readonly serves: boolean
  /** The console's own environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Opens what knows of units of systemd. Asks and changes nothing yet. */
export function openUnits(options: UnitsOptions): Units {
  return new OpenUnits(options)
}

const steps = {
  look: 'Look at the unit',
  record: 'Write down how it is',
  stop: 'Stop and disable the unit',
  start: 'Start the service here, until it is ready',
  keep: 'Keep it',
  back: 'Stop the service here, and start the unit if it ran before',
} as const

class OpenUnits implements Units {
  readonly #options: UnitsOptions
  readonly #owned = new DisposableStore()
  readonly #systemctl: Systemctl
  readonly #records: UnitRecords
  readonly #watch: UnitWatch
  readonly #beside: BesideWatch
  readonly #handOver: HandOver
  /** Services that the console runs although a unit is named for them. */
  readonly #own: Set<string>
  #services: Readonly<Record<string, ServiceDefinition>> = {}

  constructor(options: UnitsOptions) {
    const { database, logger, clock, serves, events, attention } = options
    this.#options = options
    const { username, uid } = userInfo()
    const user = { name: username, uid: uid < 0 ? null : uid }
    this.#systemctl = new Systemctl({ clock, environment: options.environment ?? process.env, user })
    this.#records = this.#owned.add(new UnitRecords(database, logger))
    this.#watch = this.#owned.add(new UnitWatch({ systemctl: this.#systemctl, clock, logger, watches: serves }))
    // What is half done is with systemd again, except for a command that only looks at the site: that leaves it as it is.
    const own = this.#records.all().filter(({ phase }) => phase === 'adopted' || !serves)
    this.#own = new Set(own.map(({ service }) => service))
    this.#handOver = new HandOver({
      ...options,
      hands: options.services,
      systemctl: this.#systemctl,
      records: this.#records,
      hold: (service, holder) => (holder === 'console' ? this.#own.add(service) : this.#own.delete(service)),
    })
    this.#beside = new BesideWatch({ events, attention })
    if (serves) this.#owned.add(this.#watch.onChanged((service) => this.#lookBeside(service)))
  }

  configure({ services }: SiteDefinition): void {
    this.#services = services
    this.#watch.watch(Object.values(services))
    for (const id of Object.keys(services)) this.#lookBeside(id)
  }

  held(definition: SiteDefinition): SiteDefinition {
    const services = Object.fromEntries(
      Object.entries(definition.services).map(([id, service]) => [
        id,
        this.#isOfSystemd(service) ? asExternal(service) : service,
      ]),
    )
    return { ...definition, services }
  }

  async settle(cause: Cause): Promise<void> {
    const { jobs, serves, logger } = this.#options
    if (!serves) return
    for (const holding of this.#records.all()) {
      const { service: id, phase } = holding
      const isUnderWay = jobs
        .running()
        .some(({ kind, subject }) => kind.startsWith('units.') && subject === subjectOf(id))
      const service = this.#services[id]
      // What another site.yaml names by now is not touched: nobody has trusted that.
      if (phase === 'adopted' || isUnderWay || !service || !isOf(service, holding)) continue
      try {
        const title = `Give ${service.title} back to systemd, after the console had ended`
        await this.#run(id, 'give-back', title, ['back'], cause, (job) => this.#handOver.finish(service, holding, job))
      } catch (error) {
        logger.error('What was half done with a unit could not be put in order.', { service: id, error: String(error) })
      }
    }
  }

  async look(id: string): Promise<UnitView> {
    const service = this.#service(id)
    const looked = await lookClosely(service.unit, this.#systemctl)
    const state = looked.properties && unitState(looked.properties)
    const holding = this.#records.get(id)
    const { name, of } = service.unit
    const context = {
      service,
      holding,
      looked,
      user: this.#systemctl.user.name,
      logs: [`logs/${id}.out.log`, `logs/${id}.err.log`],
    }
    const isOwn = this.#own.has(id)
    return {
      service: id,
      unit: name,
      of,
      holder: isOwn ? 'console' : 'systemd',
      sentence: looked.properties
        ? state
          ? stateSentence(name, state)
          : `systemd knows no unit ${name}.`
        : looked.sentence,
      state,
      adopt: holding?.phase === 'adopted' || service.kind === 'external' ? null : adoptPlan(context),
      release: holding ? releasePlan(context) : null,
      write: service.kind === 'external' ? writePlan(id, looked) : null,
    }
  }

  async adopt(id: string, cause: Cause): Promise<{ readonly job: string }> {
    const service = this.#service(id)
    this.#options.assertStartable()
    const looked = await lookClosely(service.unit, this.#systemctl)
    const refusal = adoptRefusal(service, this.#records.get(id), looked)
    if (refusal) throw refusal
    const title = `Take ${service.title} over from systemd`
    return this.#run(id, 'adopt', title, ['look', 'record', 'stop', 'start', 'keep'], cause, (job) => {
      this.#options.assertStartable()
      return this.#handOver.adopt(service, job)
    })
  }

  async release(id: string, cause: Cause): Promise<{ readonly job: string }> {
    const service = this.#service(id)
    const holding = this.#records.get(id)
    const looked = await lookClosely(holding?.unit ?? service.unit, this.#systemctl)
    const refusal = releaseRefusal(id, this.#records.get(id), looked)
    if (refusal) throw refusal
    const title = `Give ${service.title} back to systemd`
    return this.#run(id, 'release', title, ['look', 'back'], cause, (job) => this.#handOver.release(service, job))
  }

  refresh(services: readonly ServiceDefinition[]): Promise<void> {
    return this.#watch.refresh(services.filter(({ kind, unit }) => unit !== null && kind !== 'external'))
  }

  inTheWay({ id, kind, unit }: ServiceDefinition): string | null {
    const standing = this.#watch.standing(id)
    if (unit === null || kind === 'external' || !standing || !mayRun(standing)) return null
    return standing.known
      ? `${standing.sentence} Two copies must not run: it starts here when the unit is stopped, or is given back with \`wheelhouse release ${id}\`.`
      : `Whether ${unit.name} runs it cannot be told: ${standing.sentence}`
  }

  report({ id, unit, kind }: ServiceDefinition): { readonly health: Health; readonly sentence: string } | null {
    const standing = this.#watch.standing(id)
    if (unit === null || kind !== 'external' || !standing?.state) return null
    const { state } = standing
    const words = `${unit.name} is ${state.active} (${state.sub})`
    if (!isActive(state)) return { health: 'unhealthy', sentence: `systemd does not run it: ${words}.` }
    return { health: state.active === 'active' ? 'healthy' : 'unknown', sentence: `systemd runs it: ${words}.` }
  }

  view({ id, unit }: ServiceDefinition): ServiceView['unit'] {
    if (unit === null) return null
    const standing = this.#watch.standing(id)
    const state = standing?.state ?? null
    const holding = this.#records.get(id)
    const isRunnable = this.#services[id]?.kind === 'node' || this.#services[id]?.kind === 'process'
    return {
      ...unit,
      holder: this.#own.has(id) ? 'console' : 'systemd',
      sentence: standing?.sentence ?? 'systemd has not been asked yet.',
      active: state?.active ?? null,
      sub: state?.sub ?? null,
      startedAtBoot: state?.startedAtBoot ?? null,
      pid: state?.pid ?? null,
      memory: state?.memory ?? null,
      at: standing?.at ?? null,
      can: holding ? 'release' : isRunnable ? 'adopt' : null,
    }
  }

  onChanged(listener: (service: string) => void): Disposable {
    return this.#watch.onChanged(listener)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned[Symbol.asyncDispose]()
  }

  #service(id: string): UnitService {
    const service = Object.hasOwn(this.#services, id) ? this.#services[id] : undefined
    if (!service) {
      throw new ConsoleError(
        'service-unknown',
        `There is no service ${id} in this site.`,
        `Its services are ${Object.keys(this.#services).sort().join(', ') || 'none'}.`,
        { params: { service: id } },
      )
    }
    if (hasUnit(service)) return service
    throw new ConsoleError(
      'service-without-unit',
      `${id} has no \`unit\` in site.yaml, so it is not known as one that systemd runs.`,
      'Write `unit: NAME.service` for a service that systemd runs.',
      { params: { service: id } },
    )
  }

  #isOfSystemd({ id, unit, kind }: ServiceDefinition): boolean {
    return unit !== null && kind !== 'external' && !this.#own.has(id)
  }

  /** Somebody may have started the unit of a service that the console runs. */
  #lookBeside(id: string): void {
    const service = this.#services[id]
    const standing = this.#watch.standing(id)
    const isAdopted = this.#records.get(id)?.phase === 'adopted' && this.#own.has(id)
    const runs = service?.kind !== 'external' && isAdopted && standing?.state != null && isActive(standing.state)
    if (!standing && isAdopted && service?.unit) return // not asked yet: what an earlier console said stands
    this.#beside.seen(id, service?.title ?? id, runs ? (standing?.sentence ?? '') : null)
  }

  async #run(
    id: string,
    verb: 'adopt' | 'release' | 'give-back',
    title: string,
    named: readonly (keyof typeof steps)[],
    cause: Cause,
    run: (job: JobContext) => Promise<JobOutcome>,
  ): Promise<{ readonly job: string }> {
    const { id: job } = await this.#options.jobs.start(
      {
        kind: `units.${verb}`,
        subject: subjectOf(id),
        title,
        steps: named.map((step) => ({ id: step, title: steps[step] })),
        cause,
        commandLine: `wheelhouse ${verb === 'adopt' ? 'adopt' : 'release'} ${id}`,
        input: { service: id },
        lane: `unit:${id}`,
        cancellable: false,
      },
      run,
    )
    return { job }
  }
}

function hasUnit(service: ServiceDefinition): service is UnitService {
  return service.unit !== null
}

function isOf(service: ServiceDefinition, { unit }: Holding): service is UnitService {
  return service.unit?.name === unit.name && service.unit.of === unit.of
}

function subjectOf(service: string): string {
  return `service:${service}`
}

/** A service as it is while systemd runs it: watched, and nothing else. */
function asExternal(service: ServiceDefinition): ServiceDefinition {
  const hooks = { 'before-start': null, 'after-start': null, 'before-stop': null, 'after-stop': null }
  return { ...service, kind: 'external', hooks, limits: null }
}
