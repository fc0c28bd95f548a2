import type { Clock } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { isWell } from './wellness.ts'

export interface ProbationRules {
  readonly services: readonly string[]
  readonly lengthMs: number
  readonly graceMs: number
}

export interface ProbationPorts {
  readonly clock: Clock
  readonly state: StateHub
  /** The newest order to stop a service; see `Coordinator.stopOrder`. */
  readonly stopOrder: (service: string) => string | null
  /** A service ended by itself and was started again. */
  readonly crashed: (sentence: string) => void
  /** It has failed, one sentence. */
  readonly failed: (sentence: string) => void
  /** It was well for long enough. */
  readonly passed: () => void
  /** When it will have been, if all stays well: told when that changes. */
  readonly until: (wall: number) => void
}

/** How often it is looked. Milliseconds. */
const everyMs = 500

/** What one look came to. */
export type Look =
  | { readonly now: 'well' | 'waiting' }
  | { readonly now: 'unwell'; readonly sentence: string }
  | { readonly now: 'lost'; readonly sentence: string }

/** What the services say together, `counting` of which there are in all: lost when one has been given up, unwell while one is unhealthy, waiting while nothing runs. */
export function lookAt(services: readonly ServiceView[], counting: number): Look {
  const wanted = services.filter((each) => each.wanted && each.state !== 'external' && !each.optional)
  const lost = wanted.find((each) => each.state === 'failed')
  if (lost) return { now: 'lost', sentence: `${lost.title} has failed: ${lost.reason}` }
  const unwell = wanted.find((each) => !isWell(each) && each.health !== 'unknown')
  if (unwell) return { now: 'unwell', sentence: `${unwell.title} is ${unwell.health}: ${unwell.reason}` }
  if (wanted.some((each) => !isWell(each))) return { now: 'waiting' }
  return wanted.length === 0 && counting > 0 ? { now: 'waiting' } : { now: 'well' }
}

/**
 * Watches the services of a release until all of them have been healthy for long enough together. The time stands still while none of them
 * runs, as after an opening that starts nothing, and begins anew after one was unhealthy.
 */
export class Probation implements Disposable {
  readonly #rules: ProbationRules
  readonly #ports: ProbationPorts
  readonly #restarts = new Map<string, number>()
  readonly #orders = new Map<string, string | null>()
  #timer: Disposable
  #wellSince: number | null = null
  #unwellSince: number | null = null
  #ended = false

  constructor(rules: ProbationRules, ports: ProbationPorts) {
    this.#rules = rules
    this.#ports = ports
    for (const id of rules.services) {
      this.#restarts.set(id, ports.state.slice('services').get(id)?.restarts ?? 0)
      this.#orders.set(id, ports.stopOrder(id))
    }
    this.#timer = ports.clock.after(0, () => this.#look())
  }

  [Symbol.dispose](): void {
    this.#ended = true
    this.#timer[Symbol.dispose]()
  }

  #look(): void {
    if (this.#ended) return
    const { clock, state, failed, passed, until } = this.#ports
    const { services, lengthMs, graceMs } = this.#rules
    const views = services.flatMap((id) => (this.#isLetGo(id) ? [] : (state.slice('services').get(id) ?? [])))
    this.#countCrashes(views)
    if (this.#ended) return
    const now = clock.monotonic()
    const look = lookAt(views, services.length)
    if (look.now === 'lost') {
      this.#end(() => failed(look.sentence))
      return
    }
    if (look.now === 'unwell') {
      this.#unwellSince ??= now
      this.#wellSince = null
      if (now - this.#unwellSince > graceMs) {
        this.#end(() => failed(look.sentence))
        return
      }
    } else this.#unwellSince = null
    if (look.now === 'waiting') this.#wellSince = null
    if (look.now === 'well' && this.#wellSince === null) {
      this.#wellSince = now
      until(clock.wall() + lengthMs)
    }
    if (this.#wellSince !== null && now - this.#wellSince >= lengthMs) this.#end(passed)
    else this.#timer = clock.after(everyMs, () => this.#look())
  }

  /** What an operator stops on purpose is not held against the release. */
  #isLetGo(id: string): boolean {
    return this.#ports.stopOrder(id) !== this.#orders.get(id)
  }

  #countCrashes(views: readonly ServiceView[]): void {
    for (const { id, title, restarts, reason, lastExit } of views) {
      const before = this.#restarts.get(id) ?? 0
      this.#restarts.set(id, restarts)
      for (let n = before; n < restarts && !this.#ended; n++) {
        this.#ports.crashed(`${title} ended by itself: ${lastExit?.sentence ?? reason}`)
      }
    }
  }

  #end(tell: () => void): void {
    this[Symbol.dispose]()
    tell()
  }
}
