import { createHmac } from 'node:crypto'
import type { Attention } from '#core/attention/index.ts'
import { releaseFolder, type Secrets, type ServiceDefinition, type SiteDefinition } from '#core/config/index.ts'
import type { EventLog } from '#core/events/index.ts'
import { type Clock, Listeners, type Logger, type Runtime } from '#core/platform/index.ts'
import type { BreakerRecord } from '#core/proxy/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { Database } from '#core/store/index.ts'
import type { DependencyCheckResult, DependencyView } from '#shared/contract/dependencies.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { askTarget } from './ask-target.ts'
import { stateSentence } from './breaker-words.ts'
import { dependencyEvents } from './event-kinds.ts'
import { type Planned, planOf, usersOf } from './plan.ts'
import type { ProxyPlan, TargetReport } from './protocol.ts'
import { ProxyThread, silent } from './proxy-thread.ts'
import { DependencyRecords } from './records.ts'
import { cardPrefix, Tidings } from './tidings.ts'
import { viewOf } from './view.ts'

export interface DependenciesParts {
  readonly site: { readonly directory: string }
  /** The control database, with {@link dependenciesSchema}. */
  readonly database: Database
  readonly events: EventLog
  readonly attention: Attention
  readonly state: Slice<DependencyView>
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly secrets: Secrets
  /** What the addresses of services are made from. It comes from outside the site's folder, which may have come from elsewhere. */
  readonly key: string
  /** Whether this console serves its site: one that was opened for a single command listens nowhere and checks nothing. */
  readonly serves: boolean
}

/** A breaker as services that use its dependency see it. */
export interface Reachability {
  /** Whether calls are kept away from it. */
  readonly open: boolean
  /** Why, one sentence. */
  readonly sentence: string
  /** What opened or closed it. */
  readonly cause: Cause
}

/** What services call over HTTP, through the local proxy: a breaker each, counted, checked, told about. */
export interface Dependencies extends AsyncDisposable {
  /** Takes what site.yaml declares now. Resolves once the local proxy listens, when it is needed. */
  configure(definition: SiteDefinition): Promise<void>
  /** `WHEELHOUSE_DEPENDENCY_<ID>` of a service. Throws `dependency-proxy-silent` while there is no proxy to call. */
  addresses(service: ServiceDefinition): Readonly<Record<string, string>>
  /** How a dependency can be reached; null for one that there is not. */
  reachability(id: string): Reachability | null
  /** Told of every change of a breaker. */
  onChanged(listener: (id: string) => void): Disposable
  /** Keeps all calls away from it until {@link reset}. Rejects with `dependency-unknown`. */
  isolate(id: string, cause: Cause): Promise<void>
  /** Closes its breaker and forgets its failures. */
  reset(id: string, cause: Cause): Promise<void>
  check(id: string): Promise<DependencyCheckResult>
  /**
   * How it answers now, for who only wants to know. Where the local proxy runs this is its own check; without one, or where
   * site.yaml has it switched off, it is asked from here, with the same headers. Never rejects for what it finds.
   */
  ask(id: string, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly sentence: string }>
}

/** Opens the part. The proxy is started by the first definition that has a dependency. */
export function openDependencies(parts: DependenciesParts): Dependencies {
  return new SiteDependencies(parts)
}

class SiteDependencies implements Dependencies {
  readonly #parts: DependenciesParts
  readonly #records: DependencyRecords
  readonly #states: Record<string, BreakerRecord>
  readonly #reports = new Map<string, TargetReport>()
  readonly #causes = new Map<string, Cause>()
  readonly #tidings = new Map<string, Tidings>()
  /** What operators asked for and the thread has not told yet. */
  readonly #orders = new Map<string, { readonly cause: Cause; readonly done: (failure?: ConsoleError) => void }>()
  readonly #listeners: Listeners<string>
  readonly #following: Disposable
  #port: number | null = null
  #thread: ProxyThread | null = null
  #definition: SiteDefinition | null = null
  #planned: Planned = { targets: [], unusable: {}, grants: [] }
  #configuring: Promise<void> = Promise.resolve()

  constructor(parts: DependenciesParts) {
    this.#parts = parts
    this.#records = new DependencyRecords(parts.database)
    this.#states = { ...this.#records.states() }
    this.#following = parts.database.onReplaced(() => this.#writeAll())
    this.#listeners = new Listeners((error) => parts.logger.error('A listener of the dependencies failed.', { error }))
  }

  configure(definition: SiteDefinition): Promise<void> {
    const turn = this.#configuring.then(() => this.#configure(definition))
    this.#configuring = turn.catch(() => {})
    return turn
  }

  addresses(service: ServiceDefinition): Readonly<Record<string, string>> {
    const ids = Object.keys(service.uses)
    if (ids.length === 0) return {}
    if (this.#port === null) {
      throw new ConsoleError(
        'dependency-proxy-silent',
        `The local proxy through which ${service.title} calls ${ids.join(', ')} does not listen yet.`,
        'It is started again by itself; look at the console’s log when that goes on.',
        { params: { service: service.id }, retryable: true },
      )
    }
    const base = `http://127.0.0.1:${this.#port}/${this.#token(service.id)}`
    return Object.fromEntries(ids.map((id) => [variableOf(id), `${base}/${id}`]))
  }

  reachability(id: string): Reachability | null {
    const definition = this.#definition?.dependencies[id]
    if (!definition) return null
    const report = this.#reports.get(id)
    const state = report?.record.state ?? this.#states[id]?.state ?? 'closed'
    return {
      open: state === 'open' || state === 'isolated',
      sentence: report ? stateSentence(definition, report) : 'Not known yet.',
      cause: this.#causes.get(id) ?? { type: 'observation', what: `the breaker of ${definition.title} is ${state}` },
    }
  }

  onChanged(listener: (id: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  isolate(id: string, cause: Cause): Promise<void> {
    return this.#order('isolate', id, cause)
  }

  reset(id: string, cause: Cause): Promise<void> {
    return this.#order('reset', id, cause)
  }

  async check(id: string): Promise<DependencyCheckResult> {
    const { title } = this.#known(id)
    const answer = await this.#running().check(id)
    if (answer) return answer
    throw new ConsoleError(
      'dependency-not-checked',
      `${title} is not checked: site.yaml has its check switched off.`,
      'Write `check: { on: on }` for it in site.yaml.',
      { params: { dependency: id } },
    )
  }

  async ask(id: string, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly sentence: string }> {
    this.#known(id)
    const target = this.#planned.targets.find((each) => each.id === id)
    if (!target) return { ok: false, sentence: withoutStop(this.#planned.unusable[id] ?? 'it is not ready yet') }
    const ofProxy = target.check && (await this.#thread?.check(id).catch(() => null))
    return ofProxy ?? (await askTarget(target, this.#parts.clock, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following[Symbol.dispose]()
    await this.#configuring
    await this.#thread?.[Symbol.asyncDispose]()
    this.#thread = null
    for (const { done } of this.#orders.values()) done()
    for (const id of Object.keys(this.#definition?.dependencies ?? {})) this.#parts.state.delete(id)
  }

  async #configure(definition: SiteDefinition): Promise<void> {
    const { site, secrets, clock, attention } = this.#parts
    const before = this.#definition
    this.#planned = await planOf(definition, {
      directory: site.directory,
      release: await releaseFolder(site.directory),
      secrets,
      token: (service) => this.#token(service),
    })
    this.#definition = definition
    for (const id of Object.keys(before?.dependencies ?? {})) if (!definition.dependencies[id]) this.#remove(id)
    for (const { id } of attention.open()) {
      const [, dependency = ''] = id.startsWith(cardPrefix) ? id.split(':') : []
      if (!dependency) continue
      if (!definition.dependencies[dependency]) attention.clear(id, { type: 'console', why: 'it is not in site.yaml' })
      // A console that died between the record of a breaker and its card.
      else if ((this.#states[dependency]?.state ?? 'closed') === 'closed')
        attention.clear(id, { type: 'console', why: 'its breaker is closed' })
    }
    const ids = Object.keys(definition.dependencies)
    if (ids.length === 0 || !this.#parts.serves) {
      for (const id of ids) this.#show(id)
      await this.#thread?.[Symbol.asyncDispose]()
      this.#thread = null
      return
    }
    if (this.#thread) this.#thread.send({ type: 'plan', plan: this.#plan() })
    else {
      this.#thread = new ProxyThread({
        ...this.#parts,
        plan: () => this.#plan(),
        port: () => this.#port ?? this.#records.port() ?? 0,
        onListening: (port) => this.#listens(port),
        onReport: (id, report, changed) => this.#heard(id, report, changed),
        onEnded: (reason) => this.#ended(reason),
      })
    }
    for (const id of ids) this.#show(id)
    await this.#thread.listening().catch((error: unknown) => {
      // The site is used all the same: only what calls dependencies waits for it.
      this.#parts.logger.error('The local proxy does not listen.', { error: String(error), at: clock.wall() })
    })
  }

  #plan(): ProxyPlan {
    return { ...this.#planned, records: this.#states }
  }

  async #order(type: 'isolate' | 'reset', id: string, cause: Cause): Promise<void> {
    const { title } = this.#known(id)
    const thread = this.#running()
    const problem = this.#planned.unusable[id]
    if (problem !== undefined) {
      throw new ConsoleError(
        'dependency-unusable',
        `${title} cannot be called at all: ${problem}`,
        'Put that right first, then reload site.yaml.',
        { params: { dependency: id } },
      )
    }
    const state = this.#reports.get(id)?.record.state
    if (type === 'isolate' && state === 'isolated') return
    thread.order({ type, id })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#orders.get(id)?.done()
    this.#orders.set(id, { cause, done: (failure) => (failure ? reject(failure) : resolve()) })
    await promise
  }

  #heard(id: string, report: TargetReport, changed: boolean): void {
    const definition = this.#definition?.dependencies[id]
    if (!definition || !this.#definition) return
    this.#reports.set(id, report)
    const { record } = report
    if (changed) {
      this.#states[id] = record
      this.#records.remember(id, record).catch((error: unknown) => {
        this.#parts.logger.error('The state of a breaker could not be recorded.', { id, error: String(error) })
      })
      const order = record.because === 'operator' ? this.#orders.get(id) : undefined
      const users = usersOf(this.#definition, id).map(({ service }) => service)
      this.#causes.set(id, this.#tidingsOf(id).changed(definition, report, users, order?.cause ?? null))
      if (order) {
        this.#orders.delete(id)
        order.done()
      }
    }
    this.#show(id)
    if (changed) this.#listeners.tell(id)
  }

  #show(id: string): void {
    const definition = this.#definition
    const dependency = definition?.dependencies[id]
    if (!definition || !dependency) return
    const target = this.#planned.targets.find((each) => each.id === id)
    this.#parts.state.set(
      id,
      viewOf(dependency, {
        url: target?.url ?? dependency.url,
        problem: this.#planned.unusable[id] ?? null,
        report: this.#reports.get(id) ?? null,
        remembered: this.#states[id] ?? null,
        users: usersOf(definition, id),
        now: this.#parts.clock.wall(),
      }),
    )
  }

  #listens(port: number): void {
    const known = this.#records.port()
    const remembered = known ?? port
    this.#port = port
    if (known !== port) {
      this.#records.rememberPort(port).catch((error: unknown) => {
        this.#parts.logger.error('The port of the local proxy could not be recorded.', { error: String(error) })
      })
    }
    if (remembered === port) return
    const users = Object.values(this.#definition?.services ?? {}).flatMap(({ id, uses }) =>
      Object.keys(uses).length > 0 ? [id] : [],
    )
    this.#parts.events.emit({
      kind: dependencyEvents.proxyMoved,
      subject: 'site',
      severity: 'warning',
      message: `Dependencies are reached at another address now, because another program holds port ${remembered}. Restart those of ${users.join(', ')} that were running before.`,
      cause: { type: 'observation', what: `port ${remembered} is taken` },
      data: { before: remembered, now: port },
    })
  }

  #ended(reason: string): void {
    for (const { done } of this.#orders.values()) done(silent())
    this.#orders.clear()
    this.#parts.events.emit({
      kind: dependencyEvents.proxyEnded,
      subject: 'site',
      severity: 'error',
      message: `The local proxy, through which services call their dependencies, has ended and is started again. Reason: ${reason}.`,
      cause: { type: 'observation', what: reason },
    })
  }

  #remove(id: string): void {
    const cause: Cause = { type: 'console', why: 'it is not in site.yaml any more' }
    this.#tidings.get(id)?.removed(cause)
    this.#tidings.delete(id)
    this.#reports.delete(id)
    this.#causes.delete(id)
    delete this.#states[id]
    this.#parts.state.delete(id)
    this.#records.forget(id).catch((error: unknown) => {
      this.#parts.logger.error('A breaker could not be forgotten.', { id, error: String(error) })
    })
  }

  /** Another database took the place of a damaged one: what is known is written into it again. */
  #writeAll(): void {
    const writes = Object.entries(this.#states).map(([id, record]) => this.#records.remember(id, record))
    if (this.#port !== null) writes.push(this.#records.rememberPort(this.#port))
    Promise.all(writes).catch((error: unknown) => {
      this.#parts.logger.error('The breakers could not be recorded again.', { error: String(error) })
    })
  }

  #tidingsOf(id: string): Tidings {
    const known = this.#tidings.get(id) ?? new Tidings(id, this.#parts)
    this.#tidings.set(id, known)
    return known
  }

  #known(id: string) {
    const dependencies = this.#definition?.dependencies ?? {}
    const found = Object.hasOwn(dependencies, id) ? dependencies[id] : undefined
    if (found) return found
    const ids = Object.keys(dependencies)
    throw new ConsoleError(
      'dependency-unknown',
      `This site has no dependency "${id}".`,
      ids.length > 0 ? `It has ${ids.join(', ')}.` : 'Declare one in site.yaml under `dependencies`.',
      { params: { dependency: id } },
    )
  }

  #running(): ProxyThread {
    if (this.#thread) return this.#thread
    throw silent()
  }

  /** The secret part of a service's address: the same over restarts, so that a service that goes on running can go on calling. */
  #token(service: string): string {
    return createHmac('sha256', this.#parts.key).update(service).digest('hex').slice(0, 40)
  }
}

/** `model-api` → `WHEELHOUSE_DEPENDENCY_MODEL_API`. */
function variableOf(id: string): string {
  return `WHEELHOUSE_DEPENDENCY_${id.toUpperCase().replaceAll('-', '_')}`
}

/** A sentence as a part of another. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}
