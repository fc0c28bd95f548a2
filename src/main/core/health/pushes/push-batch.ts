import type { FromIntake } from './intake-protocol.ts'
import type { Push } from './push-document.ts'

/** Different refusals that are told at once; of others it is only told that there were some. */
const mostRefusals = 20

/** What came since the last time, put together: however much a service pushes, one push of it is handed on. */
export class PushBatch {
  readonly #pushes = new Map<string, Push>()
  readonly #refused = new Map<string, { readonly service: string; readonly why: string; count: number }>()

  /** Gives up what came of a service. */
  forget(service: string): void {
    this.#pushes.delete(service)
  }

  get isEmpty(): boolean {
    return this.#pushes.size === 0 && this.#refused.size === 0
  }

  add(service: string, push: Push): void {
    const before = this.#pushes.get(service)
    this.#pushes.set(service, before ? together(before, push) : push)
  }

  refuse(service: string, why: string): void {
    const key = `${service} ${why}`
    const known = this.#refused.get(key)
    if (known) known.count++
    else if (this.#refused.size < mostRefusals) this.#refused.set(key, { service, why, count: 1 })
  }

  /** `startsOf` tells how often a service was started. */
  take(startsOf: (service: string) => number): Extract<FromIntake, { type: 'pushed' }> {
    const pushes = [...this.#pushes].map(([service, push]) => ({ service, push, starts: startsOf(service) }))
    const refused = [...this.#refused.values()]
    this.#pushes.clear()
    this.#refused.clear()
    return { type: 'pushed', pushes, refused }
  }
}

/** The newer of each. */
function together(before: Push, after: Push): Push {
  return {
    health: after.health ?? before.health,
    sentence: after.health !== null || after.sentence !== null ? after.sentence : before.sentence,
    figures: { ...before.figures, ...after.figures },
  }
}
