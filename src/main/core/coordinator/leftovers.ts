import type { EventLog } from '#core/events/index.ts'
import type { Clock, Logger, Processes, ProcessIdentity } from '#core/platform/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { serviceEvents } from './event-kinds.ts'
import { type Errand, errandOf, type RunMarks } from './run-mark.ts'
import type { RunRecord, RunRecords } from './run-records.ts'
import type { Supervisor } from './supervisor.ts'
import { endRun, findOpenRuns } from './take-up.ts'

export interface LeftoverPorts {
  readonly processes: Processes
  readonly records: RunRecords
  readonly marks: RunMarks
  readonly events: EventLog
  readonly clock: Clock
  readonly logger: Logger
}

export interface TakenUp {
  readonly adopted: readonly string[]
  readonly stopped: readonly string[]
  readonly gone: readonly string[]
}

/** How long a child that is not adopted may take to end where no definition says. Milliseconds. */
const defaultWithinMs = 10_000
/** And what is no service: callbacks, commands. */
const errandWithinMs = 2_000

/** The runs that an earlier console left open, until each is adopted, ended, or known to be gone. */
export class Leftovers {
  readonly #ports: LeftoverPorts
  /** Those that nothing is decided of yet: an emergency stop in the middle of taking up must not miss one. */
  readonly #open: Map<string, RunRecord>

  constructor(ports: LeftoverPorts) {
    this.#ports = ports
    this.#open = new Map([...ports.records.open(), ...unrecorded(ports)].map((record) => [record.run, record]))
  }

  get runs(): readonly RunRecord[] {
    return [...this.#open.values()]
  }

  /** Adopts or ends each run, as the services' `on-crash` says. What no service of the site claims is ended. */
  async takeUp(supervisorOf: (service: string) => Supervisor | undefined, cause: Cause): Promise<TakenUp> {
    const { processes, records, clock, logger } = this.#ports
    // What cannot be written now is found out again at the next opening; it must not keep the site from being taken up.
    const notRecorded = (error: unknown) => logger.error('A run could not be recorded.', { error: String(error) })
    const adopted: string[] = []
    const stopped: string[] = []
    const gone: string[] = []
    const found = await findOpenRuns(this.runs, processes, clock)
    await Promise.all(
      found.toReversed().map(async ({ record, leader, left }) => {
        const supervisor = supervisorOf(record.service)
        const known = leader === null ? record : { ...record, identity: leader }
        // What an emergency stop has killed meanwhile may still look alive; adopted, its end would be a failure and have it started again.
        const isOpen = this.#open.has(record.run)
        const adoptable =
          isOpen &&
          supervisor?.service.onCrash === 'adopt' &&
          isProcess(supervisor) &&
          !adopted.includes(record.service)
        if (leader && supervisor && adoptable && supervisor.adopt(known, { cause, operation: null })) {
          this.#open.delete(record.run)
          adopted.push(record.service)
          if (record.identity === null) await records.found({ ...known, identity: leader }).catch(notRecorded)
          return
        }
        const outcome = leader ? stopped : gone
        outcome.push(record.service)
        const withinMs = errandOf(record.service)
          ? errandWithinMs
          : (supervisor?.service.stop.withinMs ?? defaultWithinMs)
        if (leader || left.length > 0) await endRun(known, withinMs, this.#ports).catch(notRecorded)
        else {
          const ending = 'had ended when the console came back'
          await records.ended(record.run, record.service, clock.wall(), ending).catch(notRecorded)
        }
        this.#open.delete(record.run)
        this.#tell(record, supervisor, leader !== null, cause)
      }),
    )
    return { adopted: adopted.sort(), stopped: stopped.sort(), gone: gone.sort() }
  }

  /** Ends everything that was left, asking first. */
  async end(cause: Cause): Promise<void> {
    await this.takeUp(() => undefined, cause)
  }

  /** Every process that bears a mark of this site, by run: of services, and of what the console has run besides them. */
  marked(): ReadonlyMap<string, readonly ProcessIdentity[]> {
    const { processes, marks } = this.#ports
    return processes.findByRunPrefix(marks.prefix)
  }

  /** Kills everything that was left, among it what is found `marked`. Tells how many processes were hit. */
  killNow(marked: ReadonlyMap<string, readonly ProcessIdentity[]>): number {
    const open = this.runs
    this.#open.clear()
    const { processes, records, clock, logger } = this.#ports
    const families = processes.families(open.flatMap(({ identity }) => identity ?? []))
    let hit = 0
    for (const record of open) {
      const leader = record.identity ? [record.identity] : []
      const family = leader.flatMap(({ pid }) => families.get(pid) ?? [])
      const all = new Map([...leader, ...family, ...(marked.get(record.run) ?? [])].map((each) => [each.pid, each]))
      for (const identity of all.values()) if (processes.signal(identity, 'SIGKILL')) hit++
      void records
        .ended(record.run, record.service, clock.wall(), 'was killed by the emergency stop')
        .catch((error: unknown) => logger.error('The end of a run could not be recorded.', { error: String(error) }))
    }
    return hit
  }

  #tell(
    { service, startedAt }: RunRecord,
    supervisor: Supervisor | undefined,
    wasRunning: boolean,
    cause: Cause,
  ): void {
    const errand = errandOf(service)
    const title = errand ? errandInWords(errand) : (supervisor?.service.title ?? service)
    const ofService = errand === undefined || errand.kind === 'hook' || errand.kind === 'probe'
    this.#ports.events.emit({
      kind: wasRunning ? serviceEvents.stopped : serviceEvents.exited,
      subject: ofService ? `service:${errand?.of ?? service}` : 'site',
      severity: 'notice',
      message: wasRunning
        ? `${title} was still running from before the console was started, and was stopped.`
        : `${title} had ended while the console was not running.`,
      cause,
      data: { startedAt },
    })
  }
}

function errandInWords({ kind, of }: Errand): string {
  switch (kind) {
    case 'hook':
      return `A callback of ${of}`
    case 'probe':
      return `The command of a probe of ${of}`
    case 'step':
      return `A command of the recovery policy ${of}`
    case 'check':
      return `The command of the check ${of}`
  }
}

/** Runs of this site that the database does not know: it was lost or could not be written, or they are errands, which are not recorded. */
function unrecorded({ processes, records, marks, clock }: LeftoverPorts): readonly RunRecord[] {
  const known = new Set(records.open().map(({ run }) => run))
  return [...processes.findByRunPrefix(marks.prefix).keys()].flatMap((run) => {
    const service = marks.serviceOf(run)
    if (service === undefined || known.has(run)) return []
    return [{ run, service, generation: 0, definition: '', startedAt: clock.wall(), out: '', err: '', identity: null }]
  })
}

function isProcess({ service }: Supervisor): boolean {
  return service.kind === 'node' || service.kind === 'process'
}
