import { realpathSync } from 'node:fs'
import type { Attention } from '#core/attention/index.ts'
import { type DatabaseDefinition, postgresAddress, type ServiceDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import type { BuiltinContext, Clock, RunningBuiltin, Runtime } from '#core/platform/index.ts'
import type { SiteDatabaseView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import { DatabaseError } from './failures.ts'
import { type Judgement, judge, type Look } from './health.ts'
import { openPool } from './open-pool.ts'
import type { ConnectionPool } from './pool/connection-pool.ts'
import type { Sessions } from './pool/sessions.ts'
import { PostgresDriver, whereOf } from './postgres/postgres-driver.ts'
import { SqliteDriver } from './sqlite/sqlite-driver.ts'
import { DatabaseStatistics } from './statistics.ts'
import { Tidings } from './tidings.ts'
import type { DatabaseFacts, Driver, SessionSource } from './types.ts'

export interface SiteDatabaseParts {
  readonly events: EventLog
  readonly attention: Attention
  readonly runtime: Runtime
  readonly clock: Clock
  readonly random: () => number
  /** Told after every look, and when damage was found. */
  readonly onLooked: (database: SiteDatabase) => void
}

/** What a site's database is, as site.yaml says now, with its references filled in. */
export interface DeclaredDatabase {
  readonly service: ServiceDefinition
  readonly definition: DatabaseDefinition
  readonly target: DatabaseDefinition['target']
  /** As it is shown. */
  readonly where: string
}

/** How often it is looked at, while all is well and otherwise, and how long a look may take. Milliseconds. */
const everyMs = 10_000
const everyWhileUnwellMs = 2_000
const lookMs = 5_000
const stopped: Judgement = { health: 'unknown', sentence: 'Its service does not run.' }

interface Run {
  readonly driver: Driver
  readonly pool: ConnectionPool
  readonly sessions: Sessions
  timer: Disposable | null
}

/** One database of the site: connected while its service runs, looked at, counted, told about. */
export class SiteDatabase implements AsyncDisposable {
  readonly statistics: DatabaseStatistics
  readonly #parts: SiteDatabaseParts
  readonly #tidings: Tidings
  #declared: DeclaredDatabase
  #run: Run | null = null
  #looking: Promise<void> | null = null
  #facts: DatabaseFacts | null = null
  #judgement = stopped
  #since: number
  /** A sentence; until a check finds nothing or the database was recovered. */
  #damage: string | null = null
  /** Whether that is the file being away, which is seen to be over by itself. */
  #missing = false

  constructor(declared: DeclaredDatabase, parts: SiteDatabaseParts) {
    this.#declared = declared
    this.#parts = parts
    this.statistics = new DatabaseStatistics(parts.clock)
    this.#since = parts.clock.wall()
    const { id: service, title } = declared.service
    this.#tidings = new Tidings({ service, title, ...parts })
  }

  get declared(): DeclaredDatabase {
    return this.#declared
  }

  get id(): string {
    return this.#declared.service.id
  }

  get damage(): string | null {
    return this.#damage
  }

  get running(): boolean {
    return this.#run !== null
  }

  /** Takes what site.yaml says now; a service that runs keeps what it was started with. */
  redeclare(declared: DeclaredDatabase): void {
    this.#declared = declared
  }

  /** The sessions over its pool. Throws `database-not-running`. */
  get sessions(): SessionSource {
    if (this.#run) return this.#run.sessions
    throw new ConsoleError(
      'database-not-running',
      `The database ${this.id} (${this.#declared.where}) is not connected: its service does not run.`,
      'Start the service.',
      { params: { service: this.id }, retryable: true },
    )
  }

  /** Connects, as a builtin. Resolves after the first look, whatever that found: a database that comes later is found later. */
  async start(context: BuiltinContext): Promise<RunningBuiltin> {
    await this.#stop()
    const { clock, random } = this.#parts
    const driver = this.#driver(context)
    const { pool, sessions } = openPool({
      service: this.id,
      driver,
      settings: this.#declared.definition.pool,
      statistics: this.statistics,
      clock,
      random,
      onTrouble: (error) => this.#trouble(error),
    })
    this.#run = { driver, pool, sessions, timer: null }
    await this.look()
    return {
      health: () => this.#judgement,
      ended: new Promise(() => {}), // it never ends unasked: while the database is away it is unhealthy
      stop: () => this.#stop(),
    }
  }

  /** Asks the database how it is, through the pool like everybody else. One look at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** A check or somebody's statement found damage; null when it was put right. */
  damaged(sentence: string | null): void {
    this.#damage = sentence
    void this.look()
  }

  view(): Omit<SiteDatabaseView, 'lastCheck' | 'recovery'> {
    const { declared, statistics } = this
    const { size, overflow } = declared.definition.pool
    const none = { open: 0, inUse: 0, waiting: 0, timeouts: 0, recycled: 0, discarded: 0 }
    return {
      id: this.id,
      engine: declared.target.engine,
      where: declared.where,
      version: this.#facts?.version ?? null,
      ...this.#judgement,
      since: this.#since,
      pool: { size, overflow, ...(this.#run?.pool.figures ?? none) },
      sessions: statistics.sessions,
      queries: statistics.queries,
      slow: [...statistics.slow],
      lastError: statistics.lastError,
      bytes: this.#facts?.bytes ?? null,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop()
  }

  async #stop(): Promise<void> {
    const run = this.#run
    if (!run) return
    this.#run = null
    run.timer?.[Symbol.dispose]()
    await run.pool[Symbol.asyncDispose]()
    await this.#looking
    // Whoever has it stopped to move its files must find nobody who has them open.
    await run.driver.gone()
    this.#become(stopped)
    this.#tidings.closed()
    this.#parts.onLooked(this)
  }

  async #look(): Promise<void> {
    const run = this.#run
    if (!run) return
    run.timer?.[Symbol.dispose]()
    const answer = await this.#ask(run)
    if (this.#run !== run) return
    const { inUse, waiting } = run.pool.figures
    const { size, overflow } = this.#declared.definition.pool
    const { statements, failed } = this.statistics.lastMinute
    const judgement = judge({ answer, damage: this.#damage, inUse, waiting, most: size + overflow, statements, failed })
    this.#become(judgement)
    this.#tidings.judged(judgement, this.#damage !== null)
    run.timer = this.#parts.clock.after(
      judgement.health === 'healthy' ? everyMs : everyWhileUnwellMs,
      () => void this.look(),
    )
    this.#parts.onLooked(this)
  }

  async #ask({ driver, sessions }: Run): Promise<Look['answer']> {
    const { clock } = this.#parts
    const began = clock.monotonic()
    try {
      const facts = await sessions.read((session) => driver.facts(session), {
        what: 'the health check',
        timeoutMs: lookMs,
      })
      this.#facts = facts
      // A file that was away and is back is well again; damage inside it only a check can rule out.
      if (this.#missing) {
        this.#missing = false
        this.#damage = null
      }
      return { ok: true, ms: clock.monotonic() - began, facts }
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error)
      if (error instanceof DatabaseError && isForRecovery(error) && driver.engine === 'sqlite') {
        this.#damage ??= sentence
        this.#missing = error.kind === 'missing'
      }
      const exhausted = error instanceof ConsoleError && error.problem.code === 'database-pool-timeout'
      return { ok: false, sentence, exhausted: exhausted && this.#run !== null && this.#run.pool.figures.inUse > 0 }
    }
  }

  #trouble(error: unknown): void {
    this.statistics.failed(error)
    const run = this.#run
    // Only when it was well: what is unwell is looked at often enough, and each look meets the trouble again.
    if (!run || this.#judgement.health !== 'healthy') return
    run.timer?.[Symbol.dispose]()
    run.timer = this.#parts.clock.after(100, () => void this.look())
  }

  #become(judgement: Judgement): void {
    if (judgement.health !== this.#judgement.health) this.#since = this.#parts.clock.wall()
    this.#judgement = judgement
  }

  #driver({ env }: BuiltinContext): Driver {
    const { target, where } = this.#declared
    const { runtime, clock } = this.#parts
    if (target.engine === 'sqlite') {
      return new SqliteDriver({ service: this.id, path: realFile(target.file), where, runtime, clock })
    }
    const reading = postgresAddress(target.url)
    if (reading.ok) return new PostgresDriver(this.id, reading.address, env.PGPASSWORD ?? null, clock)
    throw new ConsoleError(
      'address-bad',
      `The address of the database ${this.id} is one ${reading.why}.`,
      reading.remedy,
      { params: { service: this.id } },
    )
  }
}

/** As it is shown: the path below the site, or `host:port/name`. */
export function shownWhere(target: DatabaseDefinition['target'], site: string): string {
  if (target.engine === 'sqlite') {
    return target.file.startsWith(`${site}/`) ? target.file.slice(site.length + 1) : target.file
  }
  const reading = postgresAddress(target.url)
  return reading.ok ? whereOf(reading.address) : 'an address that cannot be read'
}

function isForRecovery({ kind }: DatabaseError): boolean {
  return kind === 'damaged' || kind === 'missing'
}

/** Holders of a file are found by its real path. */
function realFile(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
