import type { RouteDefinition } from '#core/config/index.ts'
import type { StageName } from '#shared/contract/state.ts'
import type { RouteResult } from '../route-chain.ts'
import type { Sender } from '../sender.ts'
import { longestKept } from '../topic-table.ts'

/** Messages times routes that are remembered. A power of two. */
export const trailLength = 16_384

/** What a route did with a message when it came. */
export interface RouteStep {
  /** The route as it was then. */
  readonly definition: RouteDefinition
  readonly result: RouteResult
  /** Why it went to quarantine. */
  readonly reason: string | null
  /** The stage at which it ended or waited; null: it went on to the targets, or had been passed on too often. */
  readonly stage: StageName | null
  /** Who published it; null where that is not known. */
  readonly sender: Sender | null
}

/**
 * What the routes did with the newest messages, whether or not anybody looked. Of fixed size and made at once: noting a step
 * allocates nothing, and keeps no payload, and no topic of more than 1,024 characters.
 */
export class RouteTrail {
  readonly #at = new Float64Array(trailLength)
  readonly #topics = new Array<string>(trailLength).fill('')
  readonly #definitions = new Array<RouteDefinition | null>(trailLength).fill(null)
  readonly #results = new Array<RouteResult>(trailLength).fill('delivered')
  readonly #reasons = new Array<string | null>(trailLength).fill(null)
  readonly #stages = new Array<StageName | null>(trailLength).fill(null)
  readonly #senders = new Array<Sender | null>(trailLength).fill(null)
  #next = 0

  note(
    at: number,
    topic: string,
    definition: RouteDefinition,
    result: RouteResult,
    reason: string | null,
    stage: StageName | null = null,
    sender: Sender | null = null,
  ): void {
    const place = this.#next++ % trailLength
    this.#at[place] = at
    this.#topics[place] = topic.length <= longestKept ? topic : ''
    this.#definitions[place] = definition
    this.#results[place] = result
    this.#reasons[place] = reason
    this.#stages[place] = stage
    this.#senders[place] = sender
  }

  /** Since when nothing is missing, wall-clock milliseconds; null: since it began. */
  get since(): number | null {
    return this.#next <= trailLength ? null : (this.#at[this.#next % trailLength] ?? null)
  }

  /** What happened to the messages that came at this moment on this topic, in the order in which it did. */
  of(at: number, topic: string): readonly RouteStep[] {
    const steps: RouteStep[] = []
    for (let n = Math.max(0, this.#next - trailLength); n < this.#next; n++) {
      const place = n % trailLength
      const definition = this.#definitions[place]
      if (!definition || this.#at[place] !== at || this.#topics[place] !== topic) continue
      const step = {
        definition,
        result: this.#results[place] ?? 'delivered',
        reason: this.#reasons[place] ?? null,
        stage: this.#stages[place] ?? null,
        sender: this.#senders[place] ?? null,
      }
      // What the route had only held when it came, and of which it is known by now what became of it.
      const held = steps.findIndex((one) => one.definition === definition && one.result === 'held')
      if (held >= 0 && hasFunction(definition) && step.result !== 'held') steps[held] = step
      else steps.push(step)
    }
    return steps
  }
}

/** In any other route a message that was held is not told of again. */
function hasFunction({ map }: RouteDefinition): boolean {
  return map !== null && typeof map !== 'string'
}
