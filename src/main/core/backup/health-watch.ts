import type { Clock } from '#core/platform/index.ts'
import { delay } from '#core/platform/index.ts'
import type { ServiceView } from '#shared/contract/index.ts'

/** What is asked of a service. */
export type WatchedService = Pick<ServiceView, 'id' | 'wanted' | 'health' | 'reason'>

export interface HealthWatchPorts {
  readonly clock: Clock
  /** What is known of a service now; undefined for one that is not in the site any more. */
  service(id: string): WatchedService | undefined
  /** Whether somebody ordered it to stop since: then its health is no question any more. */
  letGo(id: string): boolean
  readonly signal: AbortSignal
}

/** A service that is not healthy, and why. */
export interface Unwell {
  readonly service: string
  readonly reason: string
}

const everyMs = 500

/**
 * Watches services that were started again until each is healthy, at most `withinMs` milliseconds. Resolves with those that are not
 * by then, each with its sentence; also when the signal aborts.
 */
export async function watchHealth(
  services: readonly string[],
  withinMs: number,
  ports: HealthWatchPorts,
): Promise<readonly Unwell[]> {
  const until = ports.clock.monotonic() + withinMs
  for (;;) {
    const unwell = services.flatMap((id) => (ports.letGo(id) ? [] : unwellOf(ports.service(id))))
    if (unwell.length === 0 || ports.signal.aborted || ports.clock.monotonic() >= until) return unwell
    await delay(ports.clock, everyMs, ports.signal).catch(() => {})
  }
}

function unwellOf(service: WatchedService | undefined): readonly Unwell[] {
  // One that the restored site.yaml does not know, or does not want to run, cannot come back.
  if (!service?.wanted || service.health === 'healthy') return []
  return [{ service: service.id, reason: service.reason }]
}
