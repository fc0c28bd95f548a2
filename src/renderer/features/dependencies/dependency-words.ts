import type { DependencyView } from '#shared/contract/index.ts'
import type { Health } from '#shared/vocabulary.ts'

/** What the state of a breaker is called beside a dependency. */
export const breakerWords: Record<DependencyView['state'], string> = {
  closed: 'calls pass',
  open: 'open',
  'half-open': 'tried again',
  isolated: 'isolated',
}

/** The mark that a dependency gets. */
export function dependencyHealth({ state, problem, check, failuresInARow }: DependencyView): Health {
  if (problem !== null || state === 'open' || state === 'isolated') return 'unhealthy'
  if (state === 'half-open' || failuresInARow > 0) return 'degraded'
  if (check?.last) return check.last.ok ? 'healthy' : 'degraded'
  return check === null ? 'healthy' : 'unknown'
}
