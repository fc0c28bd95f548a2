import { type Clock, Listeners, type Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { PushedView } from '#shared/contract/state.ts'
import type { PushedFacts } from '../types.ts'
import { type Push, pushLimits } from './push-document.ts'

/** A figure that a service pushed, and when by the wall clock as it goes now: its age does not change when that clock is set. */
export interface Figure {
  readonly value: number
  readonly at: number
}

/** What services pushed of themselves: the last of each and a short history. Kept in memory only. */
export interface Figures {
  latest(service: string, name: string): Figure | null
  /** Told with the service whose figures or health came. */
  onChanged(listener: (service: string) => void): Disposable
}

/** Values of a figure that are kept, one for each push. */
const historyLength = 60

interface Kept {
  readonly figures: Map<string, { at: number; seen: number; readonly values: number[] }>
  at: number
  /** The same by the monotonic clock, which nobody sets. */
  seen: number
  health: Push['health']
  sentence: string | null
  pushes: number
  /** Figures that found no place. */
  refused: number
}

/** Takes pushes in and answers what the last ones said. */
export class Pushes implements Figures, Disposable {
  readonly #clock: Clock
  readonly #slice: Slice<PushedView>
  readonly #kept = new Map<string, Kept>()
  readonly #changed: Listeners<string>

  constructor({ clock, state, logger }: { clock: Clock; state: Slice<PushedView>; logger: Logger }) {
    this.#clock = clock
    this.#slice = state
    this.#changed = new Listeners((error) =>
      logger.error('A listener of pushed figures failed.', { error: String(error) }),
    )
  }

  /** Takes one push of a service. */
  take(service: string, { health, sentence, figures }: Push): void {
    const at = this.#clock.wall()
    const seen = this.#clock.monotonic()
    const kept = this.#kept.get(service) ?? newKept(at, seen)
    this.#kept.set(service, kept)
    kept.at = at
    kept.seen = seen
    kept.pushes++
    if (health !== null) {
      kept.health = health
      kept.sentence = sentence
    } else if (sentence !== null) kept.sentence = sentence
    for (const [name, value] of Object.entries(figures)) {
      const known = kept.figures.get(name)
      if (!known && kept.figures.size >= pushLimits.figures) {
        kept.refused++
        continue
      }
      const figure = known ?? { at, seen, values: [] }
      figure.at = at
      figure.seen = seen
      figure.values.push(value)
      if (figure.values.length > historyLength) figure.values.shift()
      kept.figures.set(name, figure)
    }
    this.#slice.set(service, viewOf(service, kept))
    this.#changed.tell(service)
  }

  /** Forgets what a service said, because it is started anew or not in the site any more. */
  forget(service: string): void {
    if (this.#kept.delete(service)) this.#slice.delete(service)
  }

  latest(service: string, name: string): Figure | null {
    const figure = this.#kept.get(service)?.figures.get(name)
    const value = figure?.values.at(-1)
    return figure && value !== undefined ? { value, at: this.#wallOf(figure.seen) } : null
  }

  /** For the checks of one service. */
  factsOf(service: string): PushedFacts {
    return {
      latest: () => {
        const kept = this.#kept.get(service)
        return kept ? { at: this.#wallOf(kept.seen), health: kept.health, sentence: kept.sentence } : null
      },
      figure: (name) => this.latest(service, name),
    }
  }

  onChanged(listener: (service: string) => void): Disposable {
    return this.#changed.add(listener)
  }

  #wallOf(seen: number): number {
    return this.#clock.wall() - (this.#clock.monotonic() - seen)
  }

  [Symbol.dispose](): void {
    for (const service of [...this.#kept.keys()]) this.forget(service)
    this.#changed.clear()
  }
}

function newKept(at: number, seen: number): Kept {
  return { figures: new Map(), at, seen, health: null, sentence: null, pushes: 0, refused: 0 }
}

function viewOf(id: string, { at, health, sentence, pushes, refused, figures }: Kept): PushedView {
  return {
    id,
    at,
    health,
    sentence,
    pushes,
    refused,
    figures: [...figures].map(([name, figure]) => ({
      name,
      value: figure.values.at(-1) ?? 0,
      at: figure.at,
      history: [...figure.values],
    })),
  }
}
