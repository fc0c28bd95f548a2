import type { RehearsalRun, RehearsalsView, RehearsedService } from '#shared/contract/index.ts'
import type { Mark } from '../../components/health-mark.tsx'

/** The mark of the light: green only for what has been proven. */
export function markOfLight(light: RehearsalsView['light']): Mark {
  switch (light) {
    case 'proven':
      return 'healthy'
    case 'verified':
      return 'degraded'
    case 'failed':
      return 'unhealthy'
    case 'none':
      return 'unknown'
  }
}

export function markOfRun({ state, verdict }: RehearsalRun): Mark {
  if (state === 'running') return 'maintenance'
  if (state !== 'completed') return 'unknown'
  return verdict === 'proven' ? 'healthy' : verdict === 'partly' ? 'degraded' : 'unhealthy'
}

/** How a rehearsal ended, as it stands in a table. */
export function resultWords({ state, verdict }: RehearsalRun): string {
  if (state !== 'completed') return state
  return verdict === 'partly' ? 'partly proven' : (verdict ?? 'no verdict')
}

export function markOfService(result: RehearsedService['result']): Mark {
  switch (result) {
    case 'healthy':
      return 'healthy'
    case 'unhealthy':
    case 'failed':
      return 'unhealthy'
    case 'left-out':
      return 'unknown'
  }
}

export const serviceWords: Record<RehearsedService['result'], string> = {
  healthy: 'came up healthy',
  unhealthy: 'started, not healthy',
  failed: 'did not start',
  'left-out': 'cannot be rehearsed',
}
