import type { SiteDefinition } from '#core/config/index.ts'
import { type Clock, delay } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { Verification } from '#core/verification/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'

const everyMs = 50
/** Of a service without a startup probe. Milliseconds. */
const usualStartMs = 30_000

/** Whether a service is as it should be: healthy, and if it is optional not necessarily. */
export function isWell({ health, optional, state, uses }: ServiceView): boolean {
  if (optional || health === 'healthy' || state === 'external') return true
  // A dependency that is away is not the release's doing.
  return health === 'degraded' && uses.some(({ required, reachable }) => !required && !reachable)
}

export interface WellnessPorts {
  readonly clock: Clock
  readonly state: StateHub
  /** Whether somebody has ordered it otherwise since: then it is not waited for. */
  readonly letGo: (service: string) => boolean
  readonly signal: AbortSignal
}

/** How long services may take until they are healthy: the longest of their startup times, and the time a restart is given. */
export function startsWithin(definition: SiteDefinition, services: readonly string[]): number {
  const times = services.map((id) => definition.services[id]?.probes.startup?.withinMs ?? usualStartMs)
  return Math.max(usualStartMs, ...times) + definition.deploy.graceMs
}

/**
 * Waits until each service is healthy. Resolves with those that are not in time, or cannot become so any more, each with its sentence.
 * Rejects with the signal's reason.
 */
export async function untilWell(
  services: readonly string[],
  withinMs: number,
  { clock, state, letGo, signal }: WellnessPorts,
): Promise<readonly string[]> {
  const until = clock.monotonic() + withinMs
  for (;;) {
    signal.throwIfAborted()
    const views = services.flatMap((id) => (letGo(id) ? [] : (state.slice('services').get(id) ?? [])))
    const unwell = views.filter((view) => !isWell(view))
    const lost = unwell.filter((view) => view.state === 'failed')
    if (unwell.length === 0) return []
    if (lost.length > 0) return lost.map(({ title, reason }) => `${title}: ${reason}`)
    if (clock.monotonic() >= until) return unwell.map(({ title, reason }) => `${title} is not healthy: ${reason}`)
    await delay(clock, everyMs, signal)
  }
}

/** The checks of the list that pass now, by id; a round that was under way before does not count. */
export async function checksNow(verification: Pick<Verification, 'run'>, state: StateHub) {
  if (state.slice('verification').get('verification')?.running) await verification.run()
  return (await verification.run()).checks
}
