import type { SiteDefinition } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { Arrivals } from './arrivals.ts'
import { dependentsOf, stopSet } from './planner.ts'
import type { ServiceSet } from './service-set.ts'
import { standingOfStop } from './standing.ts'
import type { Order, ServicesOutcome } from './types.ts'

/** How long a killed child may take to be gone before an order says that it cannot be killed. Milliseconds. */
const unkillableMs = 10_000

/**
 * Stops these services, each as soon as those of them that need it are down. `claims` are the intents of this order: a service
 * that was ordered otherwise since is let be.
 */
export async function stopInOrder(
  graph: SiteDefinition,
  ids: readonly string[],
  claims: ReadonlyMap<string, number>,
  order: Order,
  { services, arrivals, clock }: { readonly services: ServiceSet; readonly arrivals: Arrivals; readonly clock: Clock },
): Promise<ServicesOutcome> {
  const late = new Set<string>()
  const timers: Disposable[] = []
  const ordered = stopSet(graph, ids).filter((id) => ids.includes(id))
  const isClaimed = (id: string) => services.get(id)?.intent === claims.get(id)
  const standing = (id: string) =>
    late.has(id)
      ? ({
          at: 'lost',
          reason: 'It was killed, but the system does not let it go; the machine must be restarted.',
        } as const)
      : standingOfStop(id, services.peer, !isClaimed(id))

  const stopOne = async (id: string, dependents: readonly Promise<unknown>[]): Promise<void> => {
    const supervisor = services.get(id)
    const isUp = supervisor?.machine.state === 'running' || supervisor?.machine.state === 'starting'
    if (isUp && dependents.length > 0) await Promise.all(dependents)
    if (!supervisor || !isClaimed(id)) return
    supervisor.dispatch({ type: 'stop' }, order)
    const giveUp = () => {
      late.add(id)
      arrivals.changed()
    }
    timers.push(clock.after(supervisor.service.stop.withinMs + unkillableMs, giveUp))
    await arrivals.all([id], standing, {})
  }
  const gone = new Map<string, Promise<void>>()
  for (const id of ordered) {
    const dependents = dependentsOf(graph, id).flatMap((other) => gone.get(other) ?? [])
    gone.set(id, stopOne(id, dependents))
  }
  try {
    return await arrivals.all(ordered, standing, order.onProgress ? { onProgress: order.onProgress } : {})
  } finally {
    for (const timer of timers) timer[Symbol.dispose]()
  }
}
