import type { SiteDefinition } from '#core/config/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { StartPathView } from '#shared/contract/start-path.ts'
import {
  expectedPath,
  measuredPath,
  remainingPaths,
  type StartDurations,
  type StartMarks,
  type StartPath,
} from './critical-path.ts'
import { isReady } from './machine-health.ts'
import type { Supervisor } from './supervisor.ts'

/** Starts of a service that its expected time is taken from; the oldest go. */
const keptStarts = 5

interface Row {
  readonly service: string
  readonly started_ms: number
  readonly ready_ms: number
  readonly healthy_ms: number
  readonly loading_ms: number | null
}

/**
 * How long the services take to start: measured at every start, kept from one run of the console to the next, and shown as the
 * chain that decides how long the site takes.
 */
export class StartTimings {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #slice: Slice<StartPathView>
  readonly #marks = new Map<string, StartMarks & { readonly generation: number }>()
  #remaining: ReadonlyMap<string, number> = new Map()
  readonly #earlier = new Map<string, readonly StartDurations[]>()
  readonly #loading = new Map<string, number>()

  constructor(database: Database, slice: Slice<StartPathView>, clock: Clock, logger: Logger) {
    this.#database = database
    this.#slice = slice
    this.#clock = clock
    this.#logger = logger
    const sql = 'SELECT service, started_ms, ready_ms, healthy_ms, loading_ms FROM service_start_times ORDER BY at'
    for (const { service, started_ms, ready_ms, healthy_ms, loading_ms } of database.all<Row>({ sql })) {
      if (loading_ms !== null) this.#loading.set(service, loading_ms)
      this.#remember(service, { started: started_ms, ready: ready_ms, healthy: healthy_ms })
    }
  }

  /** To be told whenever a service changed. */
  observe({ service, machine }: Supervisor): void {
    const { generation, state, adopted } = machine
    if (adopted || service.kind === 'external') return
    const now = this.#clock.monotonic()
    const before = this.#marks.get(service.id)
    if (before?.generation !== generation) {
      if (state !== 'starting' || generation === 0) return
      this.#marks.set(service.id, { generation, begun: now, started: null, ready: null, healthy: null })
      return
    }
    if (before.healthy !== null) return
    const runs = service.oneShot ? state === 'completed' : state === 'running'
    if (!runs) return
    const ready = service.oneShot || isReady(machine, service)
    const healthy = service.oneShot || machine.health === 'healthy'
    const marks = {
      ...before,
      started: before.started ?? now,
      ready: before.ready ?? (ready ? now : null),
      healthy: healthy ? now : null,
    }
    this.#marks.set(service.id, marks)
    if (healthy) this.#record(service.id, marks)
  }

  /** Shows what a start is expected to take, from earlier starts or from the shape of the site alone. */
  expect(definition: SiteDefinition): void {
    const services = startedWithSite(definition)
    const known = services.flatMap((id) => this.#typical(id) ?? [])
    const middle = medianOf(known)
    const path = expectedPath(definition, services, (id) => this.#typical(id) ?? middle ?? one)
    this.#show(path, middle ? 'earlier starts' : 'shape', null)
  }

  /** Works out anew in which order services of a start are begun best, from what earlier starts took. */
  rank(definition: SiteDefinition): void {
    const services = Object.keys(definition.services)
    const middle = medianOf(services.flatMap((id) => this.#typical(id) ?? []))
    this.#remaining = remainingPaths(definition, services, (id) => this.#typical(id) ?? middle ?? one)
  }

  /** A service waited for its turn: the time is not its own, and would change the order of the next start. */
  waited(service: string, ms: number): void {
    const marks = this.#marks.get(service)
    if (marks?.started === null) this.#marks.set(service, { ...marks, begun: marks.begun + ms })
  }

  /** How long a start goes on behind a service, its own time included; milliseconds, or steps where nothing was ever measured. */
  remaining(service: string): number {
    return this.#remaining.get(service) ?? 0
  }

  /** How long a service took to be started, without what it waited for before; milliseconds, null when it never was. */
  typicalStart(service: string): number | null {
    return this.#typical(service)?.started ?? null
  }

  /** Processor time that a service took to load its program at its last start, milliseconds; null when that was never seen. */
  loading(service: string): number | null {
    return this.#loading.get(service) ?? null
  }

  /** A service has loaded its program, for which its main thread ran this long. Kept with the start that goes on. */
  loaded(service: string, ms: number): void {
    this.#loading.set(service, ms)
  }

  /** Shows what decided how long a start took that was ordered at this time of the monotonic clock. Null when nothing was started. */
  measured(definition: SiteDefinition, from: number): StartPath | null {
    const path = measuredPath(definition, this.#marks, from)
    if (path.links.length === 0) return null
    this.#show(path, 'last start', this.#clock.wall())
    return path
  }

  #show({ links, totalMs }: StartPath, basis: StartPathView['basis'], at: number | null): void {
    if (links.length === 0) {
      this.#slice.delete('start')
      return
    }
    const rounded = (ms: number) => (basis === 'shape' ? null : Math.round(ms))
    this.#slice.set('start', {
      basis,
      at,
      totalMs: rounded(totalMs),
      links: links.map(({ service, ms }) => ({ service, ms: rounded(ms) })),
    })
  }

  #typical(service: string): StartDurations | undefined {
    return medianOf(this.#earlier.get(service) ?? [])
  }

  #remember(service: string, durations: StartDurations): void {
    this.#earlier.set(service, [...(this.#earlier.get(service) ?? []), durations].slice(-keptStarts))
  }

  #record(service: string, { begun, started, ready, healthy }: StartMarks): void {
    const since = (mark: number | null) => Math.max(0, Math.round((mark ?? healthy ?? begun) - begun))
    const durations = { started: since(started), ready: since(ready), healthy: since(healthy) }
    this.#remember(service, durations)
    const writing = this.#database.write(
      [
        {
          sql: 'INSERT INTO service_start_times (service, at, started_ms, ready_ms, healthy_ms, loading_ms) VALUES (?, ?, ?, ?, ?, ?)',
          values: [
            service,
            this.#clock.wall(),
            durations.started,
            durations.ready,
            durations.healthy,
            this.loading(service),
          ],
        },
        {
          sql: `DELETE FROM service_start_times WHERE service = ? AND rowid NOT IN (
                  SELECT rowid FROM service_start_times WHERE service = ? ORDER BY at DESC, rowid DESC LIMIT ?)`,
          values: [service, service, keptStarts],
        },
      ],
      'run',
    )
    // Without it the next estimate is taken from older starts.
    writing.catch((error: unknown) =>
      this.#logger.warn('How long a start took could not be recorded.', { service, error: String(error) }),
    )
  }
}

const one: StartDurations = { started: 1, ready: 1, healthy: 1 }

function startedWithSite({ services }: SiteDefinition): readonly string[] {
  return Object.values(services).flatMap(({ id, enabled, kind }) => (enabled && kind !== 'external' ? [id] : []))
}

function medianOf(durations: readonly StartDurations[]): StartDurations | undefined {
  if (durations.length === 0) return undefined
  const middle = (of: (each: StartDurations) => number) =>
    durations.map(of).toSorted((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0
  return {
    started: middle((each) => each.started),
    ready: middle((each) => each.ready),
    healthy: middle((each) => each.healthy),
  }
}
