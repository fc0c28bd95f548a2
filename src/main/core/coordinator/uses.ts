import type { ServiceDefinition } from '#core/config/index.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** A dependency as services that use it see it; null for one that there is not. */
export type Reach = { readonly open: boolean; readonly sentence: string; readonly cause: Cause } | null

/** What services are told of the dependencies that they call through the console. */
export interface ServiceDependencies {
  /** `WHEELHOUSE_DEPENDENCY_<ID>` of a service. Throws what keeps it from being called at all. */
  addresses(service: ServiceDefinition): Readonly<Record<string, string>>
  reachability(id: string): Reach
  /** Told with the id of one that can be called again, or cannot. */
  onChanged(listener: (id: string) => void): Disposable
}

export const noDependencies: ServiceDependencies = {
  addresses: () => ({}),
  reachability: () => null,
  onChanged: () => ({ [Symbol.dispose]: () => {} }),
}

export interface UsesVerdict {
  /** The first required dependency that cannot be called, one sentence: to start it now would only spend restarts. */
  readonly unmet: string | null
  /** The first dependency that cannot be called, required or not, one sentence. */
  readonly impaired: string | null
}

/** What open breakers mean for a service that uses their dependencies. */
export function judgeUses(service: ServiceDefinition, reach: (id: string) => Reach): UsesVerdict {
  let unmet: string | null = null
  let impaired: string | null = null
  for (const [id, use] of Object.entries(service.uses)) {
    const found = reach(id)
    if (!found?.open) continue
    impaired ??= `It cannot call ${id}. ${found.sentence}`
    if (use === 'required') unmet ??= `Waits for the dependency ${id}. ${found.sentence}`
  }
  return { unmet, impaired }
}
