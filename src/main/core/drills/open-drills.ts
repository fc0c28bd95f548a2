import { join } from 'node:path'
import type { Attention } from '#core/attention/index.ts'
import { releaseFolder, resolveDatabase, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { Databases } from '#core/databases/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { JobContext, JobRequest, Jobs } from '#core/jobs/index.ts'
import type { Maintenance } from '#core/maintenance/index.ts'
import type { Messaging } from '#core/messaging/index.ts'
import type { Clock, Logger, Processes, Runtime } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { DrillPlan, DrillRun } from '#shared/contract/drills.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { BrokerDeed } from './broker-deed.ts'
import { DatabaseDeed } from './database-deed.ts'
import type { Deed, DeedParts } from './deed.ts'
import { DrillBoard } from './drill-board.ts'
import { type Drill, drillsOf } from './drill-list.ts'
import { OneDrill } from './drill-run.ts'
import { commandLineOf, planOf } from './drill-words.ts'
import { drillEvents } from './event-kinds.ts'
import { ProcessDeed } from './process-deed.ts'
import { refusalOf } from './refusal.ts'
import { DrillSchedule } from './schedule.ts'
import { DrillRecords } from './tables.ts'
import type { Drills } from './types.ts'
import { undoInterrupted, undoPages } from './undoing.ts'

export interface DrillsParts {
  readonly site: { readonly directory: string; readonly own: string }
  /** The control database, with `drillsSchema`. */
  readonly database: Database
  readonly coordinator: Coordinator
  readonly messaging: Messaging
  readonly databases: Databases
  readonly maintenance: Pick<Maintenance, 'on'>
  readonly jobs: Jobs
  readonly events: EventLog
  readonly attention: Attention
  readonly state: StateHub
  readonly processes: Processes
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  /** How long the console has to notice damage of a database by itself until a check is ordered; 12 s unless told. */
  readonly damageGraceMs?: number
}

/** More than the pause between two looks at a database. Milliseconds. */
const usualDamageGraceMs = 12_000

/** Opens drills. What one that the console did not live to end left frozen is woken before this resolves. */
export async function openDrills(parts: DrillsParts): Promise<Drills> {
  const drills = new SiteDrills(parts)
  await drills.takeUp()
  return drills
}

class SiteDrills implements Drills {
  readonly #parts: DrillsParts
  readonly #records: DrillRecords
  readonly #board: DrillBoard
  readonly #schedule: DrillSchedule
  readonly #folder: string
  #definition: SiteDefinition | null = null
  #drills: readonly Drill[] = []
  /** The drill that is being begun or runs. */
  #current: string | null = null

  constructor(parts: DrillsParts) {
    this.#parts = parts
    const { clock, events } = parts
    this.#folder = join(parts.site.own, 'drills')
    this.#records = new DrillRecords(parts.database)
    this.#schedule = new DrillSchedule({
      clock,
      zone: () => this.#definition?.zone ?? 'UTC',
      drills: () => this.#drills,
      run: (drill) => this.run(drill.id, { type: 'schedule', name: `drill ${drill.id}` }),
      skipped: (drill, why) => {
        events.emit({
          kind: drillEvents.skipped,
          subject: `service:${drill.service}`,
          severity: 'notice',
          message: `The drill "${drill.title}" was not done at its date: ${why}`,
          cause: { type: 'schedule', name: `drill ${drill.id}` },
          data: { drill: drill.id },
        })
        this.#show()
      },
    })
    this.#board = new DrillBoard(parts.state.slice('drills'), (drill) => this.#schedule.nextAt(drill))
  }

  async takeUp(): Promise<void> {
    const { processes, events, clock, logger } = this.#parts
    await undoInterrupted({ records: this.#records, processes, events, clock, logger })
    this.#board.take(this.#records.all().map(({ run }) => run))
  }

  async configure(definition: SiteDefinition): Promise<void> {
    const { runtime, events, attention, clock, logger } = this.#parts
    this.#definition = definition
    this.#drills = drillsOf(definition)
    const file = (service: string) => this.#fileOf(service)
    const records = this.#records
    await undoPages({ records, folder: this.#folder, file, runtime, events, attention, clock, logger })
    this.#show()
  }

  plan(id: string): DrillPlan {
    const drill = this.#named(id)
    return planOf(drill, this.#parts.state.slice('services').all(), this.#refusal(drill, null)?.message ?? null)
  }

  async run(id: string, cause: Cause): Promise<{ readonly job: string }> {
    const drill = this.#named(id)
    const refusal = this.#refusal(drill, null) ?? this.#busy(drill)
    if (refusal) throw refusal
    this.#current = id
    try {
      const file = drill.do === 'corrupt-database' ? await this.#fileOf(drill.service) : null
      const { id: job } = await this.#parts.jobs.start(requestOf(drill, cause), async (context) => {
        try {
          return await this.#conduct(drill, file, cause, context)
        } finally {
          this.#current = null
          this.#show()
        }
      })
      return { job }
    } catch (error) {
      this.#current = null
      throw error
    }
  }

  history(drill?: string): readonly DrillRun[] {
    return this.#board.runs(drill)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#schedule[Symbol.dispose]()
    this.#board[Symbol.dispose]()
  }

  async #conduct(drill: Drill, file: string | null, cause: Cause, job: JobContext) {
    const { clock, coordinator, attention, events, logger, state } = this.#parts
    const service = (): ServiceView | undefined => state.slice('services').get(drill.service)
    const run: DrillRun = {
      id: job.id,
      drill: drill.id,
      title: drill.title,
      service: drill.service,
      do: drill.do,
      scheduled: cause.type === 'schedule',
      at: clock.wall(),
      endedAt: null,
      state: 'running',
      detectMs: null,
      recoverMs: null,
      detectedBy: null,
      recoveredBy: null,
      restarts: 0,
      lost: null,
      verdict: 'It runs.',
    }
    const one = new OneDrill(
      {
        drill,
        deed: this.#deed(drill, file),
        run,
        service,
        assertNow: () => {
          const refusal = this.#refusal(drill, job.id)
          if (refusal) throw refusal
        },
        coordinator,
        attention,
        events,
        records: this.#records,
        clock,
        logger,
        onChanged: (changed) => {
          this.#board.put(changed)
          this.#show()
        },
      },
      job,
    )
    return await one.conduct()
  }

  #deed(drill: Drill, file: string | null): Deed {
    const { processes, messaging, databases, jobs, state, runtime, clock, damageGraceMs } = this.#parts
    const parts: DeedParts = {
      drill,
      service: this.#watched(drill),
      processes,
      messaging,
      databases,
      jobs,
      state,
      runtime,
      clock,
      file,
      folder: this.#folder,
      damageGraceMs: damageGraceMs ?? usualDamageGraceMs,
    }
    switch (drill.do) {
      case 'kill':
        return new ProcessDeed(parts, 'SIGKILL')
      case 'freeze':
        return new ProcessDeed(parts, 'SIGSTOP')
      case 'cut-broker':
        return new BrokerDeed(parts)
      case 'corrupt-database':
        return new DatabaseDeed({ ...parts, file: file ?? '' })
    }
  }

  /** The service as it is shown; throws once somebody does something else with it, because nothing measured is then worth anything. */
  #watched(drill: Drill): () => ServiceView {
    const { state, coordinator, maintenance } = this.#parts
    const stopsBefore = coordinator.emergencyStops
    const ended = (why: string) =>
      new ConsoleError('drill-failed', `The drill "${drill.title}" was ended: ${why}.`, 'Do it again when it fits.', {
        params: { drill: drill.id, service: drill.service },
      })
    return () => {
      const view = state.slice('services').get(drill.service)
      if (!view) throw ended(`${drill.service} is not in the site any more`)
      if (coordinator.emergencyStops !== stopsBefore) throw ended('there was an emergency stop')
      if (maintenance.on) throw ended('maintenance began')
      // The recovery of a database stops its service itself.
      if (!view.wanted && drill.do !== 'corrupt-database') throw ended(`${drill.service} was stopped meanwhile`)
      return view
    }
  }

  #refusal(drill: Drill, own: string | null): ConsoleError | null {
    const { jobs, maintenance, state } = this.#parts
    return refusalOf(drill, {
      maintenance: maintenance.on,
      jobs: jobs.running().filter(({ id }) => id !== own),
      service: state.slice('services').get(drill.service),
    })
  }

  /** Two at once would spoil each other's figures. */
  #busy(drill: Drill): ConsoleError | null {
    if (this.#current === null) return null
    return new ConsoleError(
      'drill-busy',
      `The drill "${drill.title}" is not done while another drill (${this.#current}) runs.`,
      'Wait until that has ended.',
      { params: { drill: drill.id }, retryable: true },
    )
  }

  #named(id: string): Drill {
    const drill = this.#drills.find((each) => each.id === id)
    if (drill) return drill
    const known = this.#drills.map((each) => each.id).join(', ') || 'none'
    throw new ConsoleError(
      'drill-unknown',
      `This site has no drill "${id}".`,
      this.#definition === null
        ? 'Put right what is shown about site.yaml, or look through the site and trust it.'
        : `It has ${known}.`,
      { params: { drill: id } },
    )
  }

  async #fileOf(service: string): Promise<string | null> {
    const definition = this.#definition
    const declared = definition?.services[service]
    if (!definition || !declared?.database) return null
    const { directory } = this.#parts.site
    const variables = variablesOf(directory, await releaseFolder(directory))
    const target = resolveDatabase(declared.database, declared, definition, variables)
    return target.engine === 'sqlite' ? target.file : null
  }

  #show(): void {
    this.#board.show(this.#drills)
  }
}

function requestOf(drill: Drill, cause: Cause): JobRequest {
  const copy = drill.do === 'corrupt-database' ? [{ id: 'copy', title: 'Take a checked copy' }] : []
  return {
    kind: 'drill.run',
    subject: `service:${drill.service}`,
    title: `Drill: ${drill.title}`,
    steps: [
      { id: 'check', title: 'See that all is well before' },
      ...copy,
      { id: 'act', title: 'Bring the failure about' },
      { id: 'notice', title: 'The console notices' },
      { id: 'recover', title: 'All is well again' },
    ],
    cause,
    commandLine: commandLineOf(drill.id),
    input: { drill: drill.id },
    // A backup or a restore in the middle of a drill would take in the failure; a recovery of the database needs that lane itself.
    lane: drill.do === 'corrupt-database' ? 'drill' : 'backup',
    cancellable: true,
  }
}
