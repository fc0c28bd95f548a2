import type { Probe, SiteDefinition } from './config/index.ts'

/** No look and no try comes sooner than this after the one before, however fast the pace. Milliseconds. */
const shortestMs = 100

/**
 * The same site with the times between two looks, two tries and two steps divided by `pace`: probes, restarts and recovery. How long something
 * may take (time-outs, `within`) is left alone: a service does not start faster because it is being tested.
 */
export function atPace(definition: SiteDefinition, pace: number): SiteDefinition {
  if (pace === 1) return definition
  const sooner = (ms: number) => (ms === 0 ? 0 : Math.max(Math.min(ms, shortestMs), Math.round(ms / pace)))
  const probe = (each: Probe | null): Probe | null =>
    each && { ...each, delayMs: sooner(each.delayMs), everyMs: sooner(each.everyMs) }
  const backoff = <B extends { readonly firstMs: number; readonly capMs: number }>(each: B): B => ({
    ...each,
    firstMs: sooner(each.firstMs),
    capMs: sooner(each.capMs),
  })
  return {
    ...definition,
    services: mapped(definition.services, (service) => ({
      ...service,
      probes: {
        startup: probe(service.probes.startup),
        readiness: probe(service.probes.readiness),
        liveness: probe(service.probes.liveness),
      },
      restart: {
        ...service.restart,
        backoff: backoff(service.restart.backoff),
        budget: { ...service.restart.budget, perMs: sooner(service.restart.budget.perMs) },
        forgiveMs: sooner(service.restart.forgiveMs),
      },
    })),
    recovery: mapped(definition.recovery, (policy) => ({
      ...policy,
      forMs: sooner(policy.forMs),
      backoff: backoff(policy.backoff),
      coolDownMs: sooner(policy.coolDownMs),
    })),
  }
}

function mapped<T>(all: Readonly<Record<string, T>>, change: (each: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(all).map(([id, each]) => [id, change(each)]))
}
