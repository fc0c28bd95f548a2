import type { Jobs } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { StartPath } from './critical-path.ts'
import { throughPhases } from './phase-steps.ts'
import { inSeconds } from './turn-words.ts'
import type { Coordinator, Order, ServicesOutcome } from './types.ts'

/** The operator's start, stop and restart as jobs: recorded, with progress in the tray, a result and a command line. */
export interface ServiceJobs {
  start(services: readonly string[] | 'all', cause: Cause): Promise<{ readonly job: string }>
  stop(services: readonly string[] | 'all', cause: Cause): Promise<{ readonly job: string }>
  restart(service: string, cause: Cause): Promise<{ readonly job: string }>
}

/**
 * Jobs over a coordinator. Several may run at once: the coordinator serialises per service, never as a whole. What cannot be
 * done at all is refused before a job exists: an unknown service, and whatever `assertStartable` throws for a start.
 */
export function serviceJobs(coordinator: Coordinator, jobs: Jobs, assertStartable: () => void): ServiceJobs {
  const run = async (
    verb: Verb,
    services: readonly string[] | 'all',
    cause: Cause,
    act: (order: Order) => Promise<ServicesOutcome>,
  ) => {
    if (verb !== 'stop') assertStartable()
    if (services !== 'all') for (const service of services) coordinator.preview(verb, service)
    const what = services === 'all' ? 'all services' : services.join(', ')
    const title = `${titles[verb]} ${what}`
    const phases = verb === 'start' ? coordinator.phasesOf(services) : []
    const steps =
      phases.length > 1 ? phases : [{ id: verb, title, services: phases.flatMap((phase) => phase.services) }]
    const { id } = await jobs.start(
      {
        kind: `services.${verb}`,
        subject: services === 'all' || services.length !== 1 ? 'site' : `service:${services[0]}`,
        title,
        steps: steps.map((step) => ({ id: step.id, title: step.title })),
        cause,
        commandLine: `wheelhouse ${verb} ${services === 'all' ? '--all' : services.join(' ')}`,
        input: { services },
        lane: null,
        cancellable: verb === 'start',
      },
      async (job) => {
        const outcome = await throughPhases(job, steps, (following) => {
          // Asked again, because writing the job down took its time.
          if (verb !== 'stop') assertStartable()
          return act({ cause: job.cause, operation: job.operation, signal: job.signal, ...following })
        })
        const { done, path } = outcome
        return { message: told(verb, outcome), data: { done, ...(path && { path: path.links }) } }
      },
    )
    return { job: id }
  }
  return {
    start: (services, cause) => run('start', services, cause, (order) => coordinator.start(services, order)),
    stop: (services, cause) => run('stop', services, cause, (order) => coordinator.stop(services, order)),
    restart: (service, cause) => run('restart', [service], cause, (order) => coordinator.restart(service, order)),
  }
}

type Verb = 'start' | 'stop' | 'restart'
const titles: Record<Verb, string> = { start: 'Start', stop: 'Stop', restart: 'Restart' }
const past: Record<Verb, string> = { start: 'running', stop: 'stopped', restart: 'running again' }

/** The result in one sentence; throws it when a service did not get there, so that the job ends as failed. */
function told(verb: Verb, { done, failed, optional = [], path }: ServicesOutcome): string {
  if (failed.length === 0) {
    const without = optional.map(({ service, reason }) => ` ${service}, which is optional, is not: ${reason}`).join('')
    if (done.length === 0) return `Nothing to do: everything was ${past[verb]} already.${without}`
    return `${done.join(', ')} ${done.length === 1 ? 'is' : 'are'} ${past[verb]}.${without}${pathSentence(path)}`
  }
  const [first] = failed
  const others = failed.length > 1 ? ` ${failed.length - 1} more did not get there either.` : ''
  throw new ConsoleError(
    'services-not-there',
    `${first?.service} is not ${past[verb]}: ${first?.reason}${others}`,
    'Open the service to see its log and the reason; put that right and try again.',
    { params: { failed: [...failed], done: [...done] }, retryable: true },
  )
}

/** Which chain of services decided how long it took, when more than one was started. */
function pathSentence(path: StartPath | undefined): string {
  if (!path || path.links.length < 2) return ''
  const chain = path.links.map(({ service, ms }) => `${service} ${inSeconds(Math.round(ms))}`).join(' → ')
  return ` It took ${inSeconds(Math.round(path.totalMs))}, decided by ${chain}.`
}
