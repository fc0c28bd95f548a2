import { type Clock, Listeners, type Logger } from '#core/platform/index.ts'
import type { Order, ServicesOutcome } from './types.ts'

/** Where a service stands on its way to what an order asked for. */
export type Standing =
  | { readonly at: 'goal' }
  | { readonly at: 'on the way' }
  /** It waits for something that may come or not: patience is limited. */
  | { readonly at: 'waiting'; readonly reason: string }
  /** It will not get there. */
  | { readonly at: 'lost'; readonly reason: string }

/**
 * What one look has found out about services on the way, by id: each is walked once, however many paths lead to it. In a graph of
 * twenty levels there are a million.
 */
export interface Walked {
  readonly blocked: Map<string, boolean>
  readonly settled: Map<string, boolean>
}

/** When nothing but waiting is left, an order is answered after this many milliseconds; the services go on waiting. */
const patienceMs = 60_000

/** Lets orders wait until their services have arrived. */
export class Arrivals {
  readonly #clock: Clock
  readonly #changes: Listeners<void>

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#changes = new Listeners<void>((error) =>
      logger.error('An order could not be followed up.', { error: String(error) }),
    )
  }

  /** To be called whenever any service changed. */
  changed(): void {
    this.#changes.tell()
  }

  /**
   * Resolves when each service is at its goal or lost. Rejects with the signal's reason when it aborts.
   */
  async all(
    services: readonly string[],
    standing: (service: string, walked: Walked) => Standing,
    { signal, onProgress, onSettled }: Pick<Order, 'signal' | 'onProgress' | 'onSettled'>,
  ): Promise<ServicesOutcome> {
    const done = new Set<string>()
    const failed = new Map<string, string>()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let patience: Disposable | undefined

    const look = () => {
      let moving = false
      const walked: Walked = { blocked: new Map(), settled: new Map() }
      const waiting = new Map<string, string>()
      for (const service of services) {
        if (done.has(service) || failed.has(service)) continue
        const now = standing(service, walked)
        if (now.at === 'goal') done.add(service)
        else if (now.at === 'lost') failed.set(service, now.reason)
        else if (now.at === 'waiting') waiting.set(service, now.reason)
        else moving = true
        if (now.at === 'goal') onSettled?.(service, null)
        else if (now.at === 'lost') onSettled?.(service, now.reason)
      }
      onProgress?.(done.size, services.length)
      if (done.size + failed.size === services.length) resolve()
      if (moving || waiting.size === 0) {
        patience?.[Symbol.dispose]()
        patience = undefined
      } else {
        patience ??= this.#clock.after(patienceMs, () => {
          for (const [service, reason] of waiting) {
            failed.set(service, reason)
            onSettled?.(service, reason)
          }
          resolve()
        })
      }
    }
    const abort = () => reject(signal?.reason)
    const listener = this.#changes.add(look)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      if (signal?.aborted) abort()
      look()
      await promise
    } finally {
      listener[Symbol.dispose]()
      patience?.[Symbol.dispose]()
      signal?.removeEventListener('abort', abort)
    }
    return { done: [...done], failed: [...failed].map(([service, reason]) => ({ service, reason })) }
  }
}
