import type { Clock } from '#core/platform/index.ts'
import type { StageName } from '#shared/contract/state.ts'
import type { RouteStages, StageCounts } from './protocol.ts'
import { TimeSpent } from './time-spent.ts'

/** A route is timed for one message in so many milliseconds: at most ten a second, so that many routes together cost next to nothing. */
const timedEveryMs = 100

/** What became of the messages that came to one stage. Those that went on are what is left: in − ended − failed − waiting. */
export class MeteredStage {
  readonly name: StageName
  in = 0
  /** Ended here as the route says: filtered, limited, for no target, their time over while they waited. */
  ended = 0
  /** Went to quarantine here. */
  failed = 0
  waiting = 0
  /** Why the newest of those that failed did. */
  reason: string | null = null
  /** Who published that one; empty where that is not known. */
  client = ''
  readonly time = new TimeSpent()

  constructor(name: StageName) {
    this.name = name
  }

  counts(): StageCounts {
    const { name: stage, in: entered, ended, failed, waiting, reason, client, time } = this
    return { stage, in: entered, ended, failed, waiting, reason, client, meanUs: time.meanUs, p99Us: time.p99Us }
  }
}

/** Where a meter was when another message came in between. */
export interface MeterPlace {
  readonly stage: MeteredStage | null
}

/**
 * Follows the message that a route is at through its stages: how many came to each, where they ended, and how long a stage took for
 * those that are timed. Counting is adding up numbers; nothing is allocated.
 */
export class StageMeter {
  readonly payload = new MeteredStage('payload')
  readonly where = new MeteredStage('where')
  readonly validate = new MeteredStage('validate')
  readonly limit = new MeteredStage('limit')
  readonly tag = new MeteredStage('tag')
  readonly key = new MeteredStage('key')
  readonly enrich = new MeteredStage('enrich')
  readonly map = new MeteredStage('map')
  readonly batch = new MeteredStage('batch')
  /** Wall-clock milliseconds from which on it counts. */
  readonly since: number
  readonly #route: string
  readonly #clock: Pick<Clock, 'wall' | 'monotonic'>
  readonly #names: readonly StageName[]
  #current: MeteredStage | null = null
  #endedAt: StageName | null = null
  #isTimed = false
  #timedAt = Number.NEGATIVE_INFINITY
  #mark = 0
  #changed = true

  /** `names` are the stages that the route has, in their order. */
  constructor(route: string, names: readonly StageName[], clock: Pick<Clock, 'wall' | 'monotonic'>) {
    this.#route = route
    this.#names = names
    this.#clock = clock
    this.since = clock.wall()
  }

  /** The stage at which the message ended or waits that was taken last; null: it went on to the targets. */
  get endedAt(): StageName | null {
    return this.#endedAt
  }

  /** Another message; `at` is wall-clock milliseconds. */
  begin(at: number): void {
    this.#changed = true
    this.#current = null
    this.#endedAt = null
    const since = at - this.#timedAt
    this.#isTimed = since >= timedEveryMs || since < 0
    if (!this.#isTimed) return
    this.#timedAt = at
    this.#mark = this.#clock.monotonic()
  }

  /** It comes to a stage. */
  enter(stage: MeteredStage): void {
    stage.in++
    this.at(stage)
  }

  /** It is at a stage where it has been counted already. */
  at(stage: MeteredStage): void {
    if (this.#isTimed) this.#lap()
    this.#current = stage
  }

  /** It leaves the stages for the targets, or to wait. */
  leave(): void {
    if (this.#isTimed) this.#lap()
    this.#isTimed = false
    this.#current = null
  }

  /** It ends here, as the route says. */
  end(): void {
    if (this.#current) this.#current.ended++
    this.#stop()
  }

  /** It waits here; whoever takes it up again takes it from `waiting`. */
  wait(): void {
    if (this.#current) this.#current.waiting++
    this.#stop()
  }

  /** It waits at a stage that tells itself how long it takes. */
  handOver(stage: MeteredStage): void {
    stage.in++
    this.leave()
    stage.waiting++
    this.#endedAt = stage.name
  }

  /** A message that was handed over goes on, `ms` being what the stage took for it, milliseconds; what {@link turnTo} gives. */
  resume(stage: MeteredStage, ms: number | null): MeterPlace {
    const outer = { stage: this.#current }
    this.#changed = true
    this.#isTimed = false
    this.#endedAt = null
    this.#current = stage
    stage.waiting--
    if (ms !== null) stage.time.add(ms)
    return outer
  }

  /** It ended or waits at a stage that has counted it. */
  stay({ name }: MeteredStage): void {
    this.#endedAt = name
  }

  /** It goes to quarantine; `client` published it, empty where that is not known. */
  fail(reason: string, client = ''): void {
    if (this.#current) {
      this.#current.failed++
      this.#current.reason = reason
      this.#current.client = client
    }
    this.#stop()
  }

  /** A message that waited goes on, maybe while another is being taken: that one is at the place that this gives. */
  turnTo(at: number): MeterPlace {
    const stage = this.#current
    this.begin(at)
    return { stage }
  }

  /** Back to the message that was being taken. It is not timed: what came in between is not its own time. */
  turnBack({ stage }: MeterPlace): void {
    this.#current = stage
    this.#isTimed = false
    this.#endedAt = null
  }

  /** The counts when any changed since this was last asked, else undefined. */
  takeChanged(): RouteStages | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    return { route: this.#route, since: this.since, stages: this.#names.map((name) => this[name].counts()) }
  }

  #stop(): void {
    this.#endedAt = this.#current?.name ?? null
    this.leave()
  }

  #lap(): void {
    const now = this.#clock.monotonic()
    this.#current?.time.add(now - this.#mark)
    this.#mark = now
  }
}
