import type { HookName, ServiceDefinition } from '#core/config/index.ts'
import { checksOn, type DatabaseCheck, type FileLooks, type PushedFacts } from '#core/health/index.ts'
import type { Clock, Logger, ProcessIdentity } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Health } from '#shared/vocabulary.ts'
import { serviceEvents } from './event-kinds.ts'
import type { FactWriter, Origin } from './fact-writer.ts'
import type { HookRun } from './hook-run.ts'
import type { LaunchContext } from './launch-plan.ts'
import { fingerprint, type Launcher } from './launcher.ts'
import { type Effect, type Input, type Machine, newMachine, type ProbeName } from './machine.ts'
import { probesNow } from './probe-ground.ts'
import { ProbeSet } from './probe-set.ts'
import type { RunRecord } from './run-records.ts'
import type { ChildEnd, ServiceChild } from './service-child.ts'
import { step } from './service-machine.ts'

export interface SupervisorPorts {
  readonly launcher: Launcher
  readonly facts: FactWriter
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  /** Where children run and what they are given, looked up at the moment of a start. */
  readonly contextNow: () => Promise<LaunchContext>
  /** What the service pushed of itself; forgotten when it is started. */
  readonly pushed: PushedFacts & { forget(): void }
  readonly databases: DatabaseCheck
  readonly looks: FileLooks
  /** How long the service took to start before, milliseconds; null where it never did. */
  readonly expectedStartMs: () => number | null
  /** A new mark for a command of a probe. */
  readonly markProbe: () => string
  /** Told after every change, once the supervisor is at rest. */
  readonly onChanged: () => void
}

/** How often a builtin is asked how it is, milliseconds. */
const reportEveryMs = 2_000

/**
 * Acts for one service: feeds what happens into its state machine, one thing at a time, and does what the machine says. All
 * that takes time comes back as another input that carries its generation, so that nothing stale counts.
 */
export class Supervisor implements AsyncDisposable {
  readonly probes: ProbeSet
  readonly #ports: SupervisorPorts
  readonly #inbox: { readonly input: Input; readonly origin: Origin }[] = []
  readonly #timers = new Map<'pause' | 'startup' | 'forgive' | 'report', Disposable>()
  #service: ServiceDefinition
  #machine: Machine
  #child: ServiceChild | null = null
  #hook: HookRun | null = null
  #startedWith: string | null = null
  /** Of the definition; made when it is first asked for, because every change is shown with it. */
  #fingerprint: string | null = null
  #busy = false
  /** Counts the sets of probes asked for: one that was still being prepared when the next came is not begun. */
  #watches = 0
  #closed = false
  #since: number
  #pauseEnds: number | null = null
  #lastEnd: ChildEnd | null = null
  /** Counts the operator's commands: a stop that waits its turn is void when another command came after it. */
  intent = 0

  constructor(service: ServiceDefinition, ports: SupervisorPorts) {
    this.#service = service
    this.#ports = ports
    this.#machine = newMachine(service)
    this.#since = ports.clock.wall()
    this.probes = new ProbeSet(ports.clock, ports.expectedStartMs)
  }

  get service(): ServiceDefinition {
    return this.#service
  }

  get machine(): Machine {
    return this.#machine
  }

  get child(): ServiceChild | null {
    return this.#child
  }

  /** What runs for it now: its child and a callback. */
  get running(): readonly ServiceChild[] {
    return [this.#child, this.#hook?.child].flatMap((each) => each ?? [])
  }

  get facts(): FactWriter {
    return this.#ports.facts
  }

  /** Wall-clock time since which it has its state and health. */
  get since(): number {
    return this.#since
  }

  /** Wall-clock time of the next start while it is backing off. */
  get nextStartAt(): number | null {
    return this.#machine.state === 'backing-off' && !this.#machine.held ? this.#pauseEnds : null
  }

  get lastEnd(): ChildEnd | null {
    return this.#lastEnd
  }

  /** Whether its child runs with something else than site.yaml says now. */
  get outdated(): boolean {
    return this.#startedWith !== null && this.#child !== null && this.#startedWith !== this.#print
  }

  /** Takes a changed definition; a running child keeps what it was started with until it is restarted; its probes change now. */
  redefine(service: ServiceDefinition): void {
    const checksChanged = JSON.stringify(service.probes) !== JSON.stringify(this.#service.probes)
    this.#service = service
    this.#fingerprint = null
    if (checksChanged) this.dispatch({ type: 'checks-changed' })
  }

  /** Takes up the child of an earlier console. False when it is gone. */
  adopt(record: RunRecord, origin: Origin): boolean {
    const child = this.#ports.launcher.adopt(this.#service, record, (left) => this.#swept(left))
    if (!child?.identity) return false
    this.#startedWith = record.definition || null // not known of a run that only its mark tells of
    this.#take(child, this.#machine.generation + 1) // adopting begins the next generation
    this.dispatch({ type: 'adopted', pid: child.identity.pid }, origin)
    return true
  }

  /** Feeds in what happened. Never throws, and may be called from anywhere, also while an earlier input is worked on. */
  dispatch(input: Input, origin: Origin = this.#ownOrigin()): void {
    if (this.#closed) return
    this.#inbox.push({ input, origin })
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) this.#step(next.input, next.origin)
    } finally {
      this.#busy = false
    }
    this.#ports.onChanged()
  }

  /**
   * Until this is disposed, what goes wrong with the service was done to it by `origin`: that is the cause of what is seen, and
   * afterwards its budget and back-off are what they were.
   */
  excuse(origin: Origin): Disposable {
    const { attempt, starts } = this.#machine
    this.facts.blame(origin)
    return {
      [Symbol.dispose]: () => {
        this.facts.blame(null)
        this.dispatch({ type: 'excused', attempt, starts })
      },
    }
  }

  /** Begins to watch what somebody else runs; of no effect on what the console runs itself. */
  observeOnly(origin: Origin): void {
    if (this.#machine.state === 'external') this.dispatch({ type: 'start', named: false }, origin)
  }

  /** Takes what the service says of itself. */
  report(health: Health, sentence: string): void {
    this.dispatch({ type: 'reported', generation: this.#machine.generation, health, sentence })
  }

  /** Lets go of the child without stopping it, and ends everything else. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.probes[Symbol.dispose]()
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    this.#timers.clear()
    await this.#hook?.[Symbol.asyncDispose]()
    await this.#child?.release()
  }

  get #print(): string {
    this.#fingerprint ??= fingerprint(this.#service)
    return this.#fingerprint
  }

  #step(input: Input, origin: Origin): void {
    const { clock, random, facts } = this.#ports
    const before = this.#machine
    const { machine, effects } = step(before, this.#service, input, { now: clock.monotonic(), chance: random() })
    this.#machine = machine
    if (machine.state !== before.state || machine.health !== before.health) this.#since = clock.wall()
    if (machine.state !== 'backing-off') this.#cancel('pause')
    if (machine.state !== 'starting') this.#cancel('startup')
    const write = facts.step(this.#service, origin)
    for (const effect of effects) {
      if (effect.do === 'emit' || effect.do === 'raise' || effect.do === 'clear') write(effect)
      else this.#act(effect)
    }
  }

  #act(effect: Exclude<Effect, { do: 'emit' | 'raise' | 'clear' }>): void {
    const { clock } = this.#ports
    const { generation } = effect
    switch (effect.do) {
      case 'launch':
        this.probes.forget()
        this.#ports.pushed.forget()
        void this.#launch(generation)
        break
      case 'end':
        this.#child?.end(effect.force)
        break
      case 'hook':
        this.#runHook(generation, effect.hook)
        break
      case 'end-hook':
        this.#hook?.end(effect.force)
        break
      case 'watch':
        void this.#watch(generation, effect.probes)
        break
      case 'startup-deadline':
        this.#arm('startup', effect.ms, { type: 'startup-late', generation })
        break
      case 'pause':
        this.#pauseEnds = clock.wall() + effect.ms
        this.#arm('pause', effect.ms, { type: 'pause-over', generation })
        break
      case 'forgive':
        if (effect.ms === null) this.#cancel('forgive')
        else this.#arm('forgive', effect.ms, { type: 'forgiven', generation })
        break
    }
  }

  async #launch(generation: number): Promise<void> {
    const wanted = () => !this.#closed && this.#machine.generation === generation && this.#machine.state === 'starting'
    const origin = this.#ownOrigin()
    try {
      const child = await this.#ports.launcher.launch({
        service: this.#service,
        context: await this.#ports.contextNow(),
        generation,
        operation: this.#ports.facts.operation,
        wanted,
        onSwept: (left) => this.#swept(left),
      })
      if (!child) {
        this.dispatch({ type: 'not-launched', generation, reason: 'not wanted any more', retry: false }, origin)
        return
      }
      this.#startedWith = this.#print
      if (this.#closed) {
        await child.release()
        return
      }
      this.#take(child, generation)
      this.dispatch({ type: 'launched', generation, pid: child.identity?.pid ?? null }, origin)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const remedy = error instanceof ConsoleError ? ` ${error.problem.remedy}` : ''
      const retry = error instanceof ConsoleError ? error.problem.retryable : true
      if (!(error instanceof ConsoleError)) {
        this.#ports.logger.error('A service could not be started.', { service: this.#service.id, error: String(error) })
      }
      this.dispatch(
        { type: 'not-launched', generation, reason: `${reason.replace(/\.$/, '')}.${remedy}`, retry },
        origin,
      )
    }
  }

  #runHook(generation: number, name: HookName): void {
    const { launcher, facts, contextNow } = this.#ports
    const hook = this.#service.hooks[name]
    if (!hook) return
    const run = launcher.hook({
      hook,
      service: this.#service,
      operation: facts.operation,
      context: contextNow,
      onEnded: (end) => {
        if (this.#hook === run) this.#hook = null
        this.dispatch({ type: 'hook-ended', generation, hook: name, ...end })
      },
    })
    this.#hook = run
  }

  #take(child: ServiceChild, generation: number): void {
    this.#child = child
    void child.exited.then(() => {
      // What probes find from now on is known better: it is gone.
      if (this.#child === child) this.probes[Symbol.dispose]()
    })
    void child.ended.then((end) => {
      if (this.#child === child) {
        this.#child = null
        this.#lastEnd = end
        this.#cancel('report')
      }
      this.dispatch({ type: 'exited', generation, sentence: end.sentence, ok: end.ok, log: end.log })
    })
    if (child.report() !== null) this.#askReport(child, generation)
  }

  #askReport(child: ServiceChild, generation: number): void {
    const report = child.report()
    if (this.#child !== child || report === null) return
    this.#timers.set(
      'report',
      this.#ports.clock.after(reportEveryMs, () => this.#askReport(child, generation)),
    )
    this.dispatch({ type: 'reported', generation, ...report })
  }

  /** Runs probes; their addresses are resolved at this moment. */
  async #watch(generation: number, names: readonly ProbeName[]): Promise<void> {
    const watch = ++this.#watches
    this.probes[Symbol.dispose]()
    if (names.length === 0) return
    try {
      const context = await this.#ports.contextNow()
      if (this.#closed || this.#watches !== watch) return
      const { found, ground } = probesNow(this.#service, names, context, this.#ports)
      this.probes.run(found, checksOn(this.#ports.clock, ground), (probe, { verdict, last }) =>
        this.dispatch({ type: 'probed', generation, probe, verdict, sentence: last?.sentence ?? '' }),
      )
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error)
      for (const probe of names) this.dispatch({ type: 'probed', generation, probe, verdict: 'failing', sentence })
    }
  }

  #swept(left: readonly ProcessIdentity[]): void {
    const { id, title } = this.#service
    const many = left.length === 1 ? 'a process' : `${left.length} processes`
    this.#ports.facts.step(
      this.#service,
      this.#ownOrigin(),
    )({
      do: 'emit',
      kind: serviceEvents.swept,
      severity: 'notice',
      message: `${title} had left ${many} behind, which ${left.length === 1 ? 'was' : 'were'} ended.`,
      cause: { observed: `${many} carrying the mark of ${id}` },
      begins: false,
      data: { pids: left.map(({ pid }) => pid) },
    })
  }

  #arm(name: 'pause' | 'startup' | 'forgive', ms: number, input: Input): void {
    this.#cancel(name)
    this.#timers.set(
      name,
      this.#ports.clock.after(ms, () => this.dispatch(input)),
    )
  }

  #cancel(name: 'pause' | 'startup' | 'forgive' | 'report'): void {
    this.#timers.get(name)?.[Symbol.dispose]()
    this.#timers.delete(name)
  }

  #ownOrigin(): Origin {
    const { last, operation } = this.#ports.facts
    return { cause: last?.cause ?? { type: 'console', why: 'supervises the service' }, operation }
  }
}
