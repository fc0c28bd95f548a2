import type { JobView, ServiceView } from '#shared/contract/state.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Drill } from './drill-list.ts'

/** What decides whether a drill may be done now. */
export interface Surroundings {
  readonly maintenance: boolean
  /** The drill's own left out. */
  readonly jobs: readonly JobView[]
  readonly service: ServiceView | undefined
}

/** Why a drill may not be done now; null when it may. */
export function refusalOf(drill: Drill, { maintenance, jobs, service }: Surroundings): ConsoleError | null {
  const params = { drill: drill.id, service: drill.service }
  if (maintenance) {
    return new ConsoleError(
      'drill-maintenance',
      `The drill "${drill.title}" is not done while maintenance is on: nothing would be started again.`,
      'End maintenance first.',
      { params, retryable: true },
    )
  }
  const [job] = jobs
  if (job) {
    return new ConsoleError(
      'drill-busy',
      `The drill "${drill.title}" is not done while "${job.title}" runs.`,
      'Wait until that has ended.',
      { params: { ...params, job: job.id }, retryable: true },
    )
  }
  if (service?.state === 'running' && service.health === 'healthy' && service.wanted) return null
  const how = service ? `it is ${service.state === 'running' ? service.health : service.state}` : 'it is not there'
  return new ConsoleError(
    'drill-not-healthy',
    `The drill "${drill.title}" is only done to a service that is healthy, and ${drill.service} is not: ${how}.`,
    `See why ${drill.service} is as it is, and put that right first.`,
    { params, retryable: true },
  )
}
