import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolveEnv, type ServiceDefinition } from '#core/config/index.ts'
import type { Builtin, Clock, CrashPoints, Logger, Processes } from '#core/platform/index.ts'
import type { ServiceUnits } from '#core/units/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { startBuiltin } from './builtin-child.ts'
import { type HookRequest, HookRun } from './hook-run.ts'
import { type LaunchContext, type LogFiles, makeFolders, planLaunch, sizesOf } from './launch-plan.ts'
import type { LaunchTurn } from './launch-turns.ts'
import { rotateAtStart } from './log-rotation.ts'
import { MarkedLookup } from './marked-lookup.ts'
import { portConflict } from './port-conflict.ts'
import { type ProcessChildOptions, processChild } from './process-child.ts'
import type { RunMarks } from './run-mark.ts'
import type { RunRecord, RunRecords } from './run-records.ts'
import type { ServiceChild } from './service-child.ts'

export interface LauncherPorts {
  readonly processes: Processes
  readonly builtins: Readonly<Record<string, Builtin>>
  readonly records: RunRecords
  readonly marks: RunMarks
  readonly units: ServiceUnits
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** Leave to start the process of a service: see {@link LaunchTurns}. */
  readonly turnOf: (service: string) => Promise<LaunchTurn>
}

export interface LaunchRequest {
  readonly service: ServiceDefinition
  readonly context: LaunchContext
  readonly generation: number
  readonly operation: string | null
  /** Asked after everything that takes time: whether this child is still wanted. */
  readonly wanted: () => boolean
  readonly onSwept: ProcessChildOptions['onSwept']
}

/** How old a look at the machine's sockets may be that found a port free, milliseconds: a look takes longer than all else of a launch, and many start at once. */
const portsFreshMs = 5_000

/** Starts children, such that none is ever lost: each is recorded before it exists. */
export class Launcher {
  readonly #ports: LauncherPorts
  readonly #lookup: MarkedLookup
  #making: Promise<void> | undefined

  constructor(ports: LauncherPorts) {
    this.#ports = ports
    this.#lookup = new MarkedLookup(ports.processes, ports.clock)
  }

  /** The running child, or null when it was not wanted any more. Rejects with the ConsoleError of what is in the way. */
  async launch(request: LaunchRequest): Promise<ServiceChild | null> {
    await this.#makeFolders(request.context.variables)
    if (!request.wanted()) return null
    if (request.service.unit !== null) await this.#assertUnitStopped(request.service)
    if (!request.wanted()) return null
    return request.service.kind === 'builtin' ? this.#builtin(request) : this.#process(request)
  }

  /** Starts a callback of a service. Tells when it has ended, whatever became of it. */
  hook(request: HookRequest): HookRun {
    return new HookRun(request, { ...this.#ports, lookup: this.#lookup })
  }

  /** Takes up the process of an earlier console; undefined when it is gone. */
  adopt(
    service: ServiceDefinition,
    record: RunRecord,
    onSwept: ProcessChildOptions['onSwept'],
  ): ServiceChild | undefined {
    const handle = record.identity && this.#ports.processes.adopt(record.identity)
    if (!handle) return undefined
    const logs = { out: record.out, err: record.err }
    return processChild(
      handle,
      this.#childOptions(service, record.run, record.startedAt, logs, { out: 0, err: 0 }, onSwept),
    )
  }

  /** Many start at once: the same folders are made for all of them. */
  #makeFolders(variables: LaunchContext['variables']): Promise<void> {
    this.#making ??= makeFolders(variables).finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  async #process({
    service,
    context,
    generation,
    operation,
    wanted,
    onSwept,
  }: LaunchRequest): Promise<ServiceChild | null> {
    const { processes, records, marks, clock, crashPoints, logger } = this.#ports
    const run = marks.make(service.id)
    const plan = planLaunch(service, context, { run, operation })
    if (service.kind === 'node') await assertScript(service, plan.args[2])
    const conflict = portConflict(service, plan.ports, (port) => processes.portHolders(port, portsFreshMs))
    if (conflict) throw conflict
    await rotateAtStart(plan.logs, logger)

    const startedAt = clock.wall()
    const { out, err } = plan.logs
    // A full disk must not keep a service from being restarted: its mark alone is enough to find it again.
    const notRecorded = (error: unknown) => logger.error('A run could not be recorded.', { run, error: String(error) })
    const definition = fingerprint(service)
    await records.begin({ run, service: service.id, generation, definition, startedAt, out, err }).catch(notRecorded)
    const logsFrom = await sizesOf(plan.logs)
    using turn = await this.#ports.turnOf(service.id)
    if (!wanted()) {
      await records.ended(run, service.id, startedAt, 'was never started').catch(notRecorded)
      return null
    }
    crashPoints.reach('coordinator.before-spawn')
    try {
      const handle = await processes.spawn({ ...plan, stdout: out, stderr: err })
      turn.began(handle.identity)
      crashPoints.reach('coordinator.after-spawn')
      // Not waited for: until it is there, the run is found by its mark.
      void records.spawned(run, handle.identity).catch(notRecorded)
      return processChild(handle, this.#childOptions(service, run, startedAt, plan.logs, logsFrom, onSwept))
    } catch (error) {
      await records.ended(run, service.id, startedAt, 'could not be started').catch(notRecorded)
      throw error
    }
  }

  async #builtin({ service, context }: LaunchRequest): Promise<ServiceChild> {
    const { builtins, processes, clock, logger } = this.#ports
    const builtin = service.use === null ? undefined : builtins[service.use]
    if (!builtin) {
      throw new ConsoleError(
        'builtin-unknown',
        `The console has no builtin ${service.use ?? ''}, which service ${service.id} uses.`,
        'Correct `use` in site.yaml.',
        { params: { service: service.id, use: service.use } },
      )
    }
    const ports = { ...service.ports, ...context.variables.ports?.[service.id] }
    const conflict = portConflict(service, ports, (port) => processes.portHolders(port, portsFreshMs))
    if (conflict) throw conflict
    const { definition, variables, secrets } = context
    const env = resolveEnv(service, definition, variables, secrets)
    const place = { service: service.id, ports, bind: service.bind, data: variables.data, env }
    return startBuiltin(builtin, place, { clock, logger, withinMs: service.stop.withinMs })
  }

  /** Never two copies: systemd is asked at the last moment before every start, whoever ordered it. */
  async #assertUnitStopped(service: ServiceDefinition): Promise<void> {
    const { units } = this.#ports
    await units.refresh([service])
    const inTheWay = units.inTheWay(service)
    if (inTheWay === null) return
    throw new ConsoleError('unit-runs', inTheWay, 'Stop the unit, or give the service back to it.', {
      params: { service: service.id, unit: service.unit?.name },
      retryable: true,
    })
  }

  #childOptions(
    service: ServiceDefinition,
    run: string,
    startedAt: number,
    logs: LogFiles,
    logsFrom: ProcessChildOptions['logsFrom'],
    onSwept: ProcessChildOptions['onSwept'],
  ): ProcessChildOptions {
    const { processes, records, clock, logger } = this.#ports
    return { service, run, startedAt, logs, logsFrom, processes, lookup: this.#lookup, records, clock, logger, onSwept }
  }
}

/** Tells whether a service is still defined as it was when it was started. */
export function fingerprint(service: ServiceDefinition): string {
  const { kind, run, use, cwd, env, ports, bind, database, uses } = service
  // Left out where there is none, so that a service that runs is still known by what it was started with.
  const text = JSON.stringify({
    kind,
    run,
    use,
    cwd,
    env,
    ports,
    bind,
    ...(database && { database }),
    ...(Object.keys(uses).length > 0 && { uses: Object.keys(uses) }),
  })
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function assertScript(service: ServiceDefinition, script: string | undefined): Promise<void> {
  const found = script === undefined ? undefined : await stat(script).catch(() => undefined)
  if (found?.isFile()) return
  throw new ConsoleError(
    'script-missing',
    `The script ${script} of ${service.title} does not exist.`,
    'Restore the code from a backup, or correct `run` in site.yaml.',
    { params: { service: service.id, script } },
  )
}
