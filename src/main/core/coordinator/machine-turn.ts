import type { ServiceDefinition } from '#core/config/index.ts'
import { backoffMs } from '#core/platform/index.ts'
import type { Severity } from '#shared/vocabulary.ts'
import { serviceEvents } from './event-kinds.ts'
import { endChild, endHook, runHook } from './hook-steps.ts'
import { type CauseOf, type Effect, freshSignals, type Machine, type ProbeName } from './machine.ts'
import { judge } from './machine-health.ts'
import { hasBudget, withStart } from './restart-budget.ts'
import { bare, capital, inSeconds } from './turn-words.ts'

/** What a decision may take into account besides the machine: the monotonic clock, and chance in [0, 1). */
export interface Moment {
  readonly now: number
  readonly chance: number
}

export interface Step {
  readonly machine: Machine
  readonly effects: readonly Effect[]
}

/**
 * One step of a service under way: the machine as it is becoming, the effects so far, and the moves that steps are made of.
 * It lives only inside `step`, which stays a function from data to data.
 */
export class Turn {
  readonly service: ServiceDefinition
  readonly #before: Machine
  readonly #moment: Moment
  readonly #effects: Effect[] = []
  #machine: Machine

  constructor(machine: Machine, service: ServiceDefinition, moment: Moment) {
    this.service = service
    this.#before = machine
    this.#machine = machine
    this.#moment = moment
  }

  get machine(): Machine {
    return this.#machine
  }

  set(change: Partial<Machine>): this {
    this.#machine = { ...this.#machine, ...change }
    return this
  }

  /** Adds a fact; the message follows the service's title. Facts that begin a run are the cause of what follows in it. */
  emit(
    kind: Exclude<keyof typeof serviceEvents, 'emergencyStop'>,
    severity: Severity,
    says: string,
    cause: CauseOf,
    { begins = false, data = {} }: { begins?: boolean; data?: Record<string, unknown> } = {},
  ): this {
    const gap = says.startsWith(':') ? '' : ' '
    const message = `${this.service.title}${gap}${says}${/[.…]$/.test(says) ? '' : '.'}`
    this.#effects.push({ do: 'emit', kind: serviceEvents[kind], severity, message, cause, begins, data })
    return this
  }

  /** Adds what is to be done. */
  act(effect: Effect): this {
    this.#effects.push(effect)
    return this
  }

  launchOrWait(cause: 'input' | 'cycle'): this {
    if (this.#machine.unmet === null) this.launch(cause)
    else this.wait(cause)
    return this
  }

  launch(cause: 'input' | 'cycle'): this {
    const { hook } = this.#machine
    this.freshSignals()
    this.set({ state: 'starting', force: false, adopted: false, told: null, held: false, reason: 'Being started.' })
    this.emit('starting', 'info', 'is being started', cause, { begins: cause === 'input' })
    return hook === null ? this.begin() : this.set({ reason: `Starts when its ${hook} callback has ended.` })
  }

  /** A new generation: its `before-start`, then its child. */
  begin(): this {
    const { starts, generation, generations } = this.#machine
    this.set({
      generation: generation + 1,
      startedAfter: generations,
      starts: withStart(starts, this.service.restart.budget, this.#moment.now),
    })
    return runHook(this, 'before-start') ? this.set({ reason: 'Its before-start callback runs.' }) : this.launchChild()
  }

  /** After a callback its needs may be another matter than before it. */
  beginOrWait(): this {
    return this.#machine.unmet === null ? this.begin() : this.wait('cycle')
  }

  launchChildOrWait(): this {
    const { unmet, starts } = this.#machine
    return unmet === null ? this.launchChild() : this.set({ starts: starts.slice(0, -1) }).wait('cycle')
  }

  launchChild(): this {
    this.set({ child: 'launching', reason: 'Being started.' })
    return this.act({ do: 'launch', generation: this.#machine.generation })
  }

  wait(cause: CauseOf): this {
    const reason = this.#machine.unmet ?? 'Waiting.'
    this.set({ state: 'waiting', reason })
    this.emit('waiting', 'info', `waits. ${reason}`, cause, { begins: true })
    return this
  }

  running(pid: number | null): this {
    this.set({ state: 'running' })
    if (!this.#machine.adopted) {
      this.emit('started', 'info', 'runs', 'cycle', { data: pid === null ? {} : { pid } })
    }
    this.watchRunning()
    if (!this.#machine.adopted) runHook(this, 'after-start')
    return this
  }

  /** Ends the child; what follows once it is gone is `after`. */
  stopping(after: Machine['after'], force: boolean, reason: string): this {
    const { child, hook } = this.#machine
    this.unwatch()
    this.set({ state: 'stopping', after, force, reason })
    if (child === 'alive') endChild(this)
    else if (force || hook === 'before-start') endHook(this, force)
    return this
  }

  /** Restarts it when a need that it follows has another child than the one it was started with. */
  follow(): this {
    const { startedAfter, generations, unmet, hold, starts, child, state } = this.#machine
    if (hold !== null || unmet !== null || child !== 'alive' || state === 'stopping') return this
    const renewed = this.service.follows.find((need) => (startedAfter[need] ?? generations[need]) !== generations[need])
    if (renewed === undefined) return this.set({ startedAfter: { ...generations, ...startedAfter } })
    this.emit('restarting', 'notice', `is stopped and started again, because ${renewed} was`, 'input', { begins: true })
    // The start that ends here was undone by its need, not by itself: it costs no budget.
    this.set({ starts: starts.slice(0, -1) })
    return this.stopping('follow', false, `Being restarted, because ${renewed} was.`)
  }

  end(): this {
    this.#effects.push({ do: 'end', generation: this.#machine.generation, force: this.#machine.force })
    return this
  }

  /** The child that was to be stopped is gone. */
  ended(): this {
    const { after, reason } = this.#machine
    switch (after) {
      case 'stop':
        return this.stopped('cycle')
      case 'start':
      case 'follow':
        return this.launchOrWait('cycle')
      case 'restart':
        if (this.#machine.unmet !== null) return this.wait('cycle')
        if (this.#machine.hold !== null) return this.holdBack(reason)
        this.#pause(reason)
        return this
      case 'fail':
        return this.failed(reason, [], 'cycle')
    }
    return this
  }

  stopped(cause: CauseOf): this {
    this.set({ state: 'stopped', reason: 'Stopped.', attempt: 0, starts: [] })
    this.emit('stopped', 'info', 'is stopped', cause)
    return this
  }

  completed(cause: CauseOf): this {
    this.set({ state: 'completed', reason: 'Ran to its end as it should.' })
    this.emit('completed', 'info', 'ran to its end', cause)
    return this
  }

  unhealthy(says: string, cause: CauseOf): this {
    this.set({ told: 'unhealthy' })
    this.emit('unhealthy', 'error', says, cause, { begins: true })
    return this
  }

  /** `why` continues "because": "it exited with code 1". */
  backOffOrFail(why: string, log: readonly string[]): this {
    if (!this.hasBudget()) return this.failed(this.exhausted(why), log, 'previous')
    if (this.#machine.hold !== null) return this.holdBack(why)
    const attempt = this.#machine.attempt + 1
    const ms = this.#pause(`To be started again, because ${bare(why)}.`)
    const { starts } = this.service.restart.budget
    this.emit(
      'restarting',
      'warning',
      `is started again in ${inSeconds(ms)} (start ${this.#machine.starts.length + 1} of ${starts})`,
      'previous',
      {
        begins: true,
        data: { attempt, pauseMs: ms },
      },
    )
    return this
  }

  /** It is down and stays so until the hold ends or somebody starts it. `why` continues "because". */
  holdBack(why: string): this {
    const reason = `Not started again, because ${bare(why)}: held back by ${this.#machine.hold}.`
    this.set({ state: 'backing-off', held: true, reason })
    return this.emit('heldBack', 'warning', `is not started again: held back by ${this.#machine.hold}`, 'previous', {
      begins: true,
      data: { why: bare(why), by: this.#machine.hold },
    })
  }

  failed(reason: string, log: readonly string[], cause: CauseOf): this {
    const sentence = `${capital(bare(reason))}.`
    const last = log.length === 0 ? '' : ` Its last lines: ${log.join(' ⏎ ')}`
    this.set({ state: 'failed', reason: sentence })
    this.emit('failed', 'error', `has failed. ${sentence}`, cause, { begins: true, data: { log: [...log] } })
    this.#effects.push({ do: 'raise', title: `${this.service.title} has failed`, why: `${sentence}${last}` })
    return this
  }

  hasBudget(): boolean {
    return hasBudget(this.#machine.starts, this.service.restart.budget, this.#moment.now)
  }

  exhausted(why: string): string {
    const { starts, perMs } = this.service.restart.budget
    const times = starts === 1 ? 'once' : `${starts} times`
    return `Given up after it was started ${times} within ${inSeconds(perMs)}; the last time ${bare(why)}`
  }

  clear(): this {
    this.#effects.push({ do: 'clear' })
    return this
  }

  freshSignals(): this {
    this.set({ signals: freshSignals, report: null })
    return this
  }

  watchStartup(): this {
    const { generation } = this.#machine
    this.#effects.push({ do: 'watch', generation, probes: ['startup'] })
    this.#effects.push({ do: 'startup-deadline', generation, ms: this.service.probes.startup?.withinMs ?? 0 })
    return this
  }

  watchRunning(): this {
    const { generation, signals } = this.#machine
    this.set({ signals: { ...freshSignals, startup: signals.startup } })
    const probes = (['readiness', 'liveness'] satisfies ProbeName[]).filter((name) => this.service.probes[name])
    this.#effects.push({ do: 'watch', generation, probes })
    return this
  }

  unwatch(): this {
    this.#effects.push({ do: 'watch', generation: this.#machine.generation, probes: [] })
    return this
  }

  /** Begins to watch what somebody else runs. */
  observe(): this {
    const generation = this.#machine.generation + 1
    this.freshSignals()
    this.set({ generation, told: null })
    const all = (['startup', 'readiness', 'liveness'] satisfies ProbeName[]).filter((name) => this.service.probes[name])
    this.#effects.push({ do: 'watch', generation, probes: all })
    return this
  }

  unobserve(): this {
    this.freshSignals()
    this.set({ generation: this.#machine.generation + 1, told: null })
    this.unwatch()
    this.clear()
    return this
  }

  /** Judges the health anew, tells it when it changed, and hands over the result. */
  finish(): Step {
    const judged = judge(this.#machine, this.service)
    const { state, told, held } = this.#machine
    this.set({ health: judged.health })
    if (held && state !== 'backing-off' && state !== 'running' && state !== 'starting') this.set({ held: false })
    if (state === 'running' || state === 'external') {
      this.set({ reason: judged.sentence })
      if (judged.health !== 'unknown' && judged.health !== told) this.#tell(judged.health, judged.sentence)
    }
    if (this.#machine.health !== this.#before.health) {
      const ms = this.#machine.health === 'healthy' && state === 'running' ? this.service.restart.forgiveMs : null
      this.#effects.push({ do: 'forgive', generation: this.#machine.generation, ms })
    }
    return { machine: this.#machine, effects: this.#effects }
  }

  #tell(health: 'healthy' | 'degraded' | 'unhealthy', sentence: string): this {
    const { told, state } = this.#machine
    this.set({ told: health })
    const cause = told === null && state === 'running' ? 'cycle' : { observed: sentence }
    switch (health) {
      case 'healthy':
        return this.emit('healthy', 'info', `is healthy. ${sentence}`, cause).clear()
      case 'degraded':
        return this.emit('degraded', 'warning', `is degraded. ${sentence}`, cause)
      case 'unhealthy':
        this.emit('unhealthy', 'error', `is unhealthy. ${sentence}`, cause)
        if (state === 'external') {
          this.#effects.push({ do: 'raise', title: `${this.service.title} does not answer`, why: sentence })
        }
    }
    return this
  }

  #pause(reason: string): number {
    const { generation, attempt } = this.#machine
    const ms = backoffMs(this.service.restart.backoff, attempt + 1, this.#moment.chance)
    this.set({ state: 'backing-off', attempt: attempt + 1, reason })
    this.#effects.push({ do: 'pause', generation, ms })
    return ms
  }
}
