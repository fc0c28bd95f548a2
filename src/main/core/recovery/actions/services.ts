import type { Coordinator, Order, ServicesOutcome } from '#core/coordinator/index.ts'
import type { JobContext } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { RecoveryAction, StepRun } from '../types.ts'

/** What recovery may ask of the coordinator: orders, each an operation of its own with its own cause. */
export type RecoveryServices = Pick<
  Coordinator,
  'start' | 'stop' | 'restart' | 'wanted' | 'preview' | 'emergencyStops' | 'stopOrder'
>

/** Throws when nothing may be started now: a restore puts files into place, the site is not trusted. */
export type AssertStartable = () => void

/** Restarts the services, or starts those that have failed. */
export function restartAction(services: RecoveryServices, assertStartable: AssertStartable): RecoveryAction {
  return {
    name: 'restart',
    movesFiles: false,
    touches: ({ services: ids }) => ids,
    async preview({ services: ids }) {
      return { lines: ids.map((id) => services.preview('restart', id).sentence), paths: [] }
    },
    async act(run, job) {
      if (run.services.length === 0) return nothing('It is about no service, so there is nothing to restart.')
      for (const id of run.services) {
        assertStartable()
        assertWanted(services, id)
        allThere(await services.restart(id, orderOf(job)))
      }
      return { result: 'done', sentence: `${listed(run.services)} restarted.` }
    },
  }
}

/** Stops the services with those that need them, and starts again what ran. */
export function restartWithDependentsAction(
  services: RecoveryServices,
  assertStartable: AssertStartable,
): RecoveryAction {
  const touched = ({ services: ids }: StepRun) => [
    ...new Set(ids.flatMap((id) => [id, ...services.preview('stop', id).services.map((each) => each.id)])),
  ]
  return {
    name: 'restart-with-dependents',
    movesFiles: false,
    touches: touched,
    async preview(run) {
      return { lines: [`Stop and start ${listed(touched(run))}, in their order.`], paths: [] }
    },
    async act(run, job) {
      if (run.services.length === 0) return nothing('It is about no service, so there is nothing to restart.')
      for (const id of run.services) assertWanted(services, id)
      const ids = touched(run)
      await stoppedMeanwhile(services, ids, run.services, assertStartable, job, async () => {})
      return { result: 'done', sentence: `${listed(ids)} stopped and started again.` }
    },
  }
}

/** Stops everything in order, starts what was wanted, and looks whether it is there. */
export function recoverSiteAction(services: RecoveryServices, assertStartable: AssertStartable): RecoveryAction {
  return {
    name: 'recover-site',
    movesFiles: false,
    touches: () => 'all',
    async preview() {
      const wanted = services.wanted()
      return {
        lines: [services.preview('stop-all').sentence, `Start ${listed(wanted)} again and look at each.`],
        paths: [],
      }
    },
    async act(_run, job) {
      const wanted = services.wanted()
      if (wanted.length === 0) return nothing('No service is wanted, so there is nothing to recover.')
      await stoppedMeanwhile(services, wanted, [], assertStartable, job, async () => {})
      return { result: 'done', sentence: `The whole site was stopped and started again: ${listed(wanted)}.` }
    },
  }
}

/**
 * Stops services, does something, and starts again what ran of them; also when that something failed. What somebody else has ordered
 * to stop meanwhile stays stopped.
 */
export async function stoppedMeanwhile<T>(
  services: RecoveryServices,
  ids: readonly string[],
  named: readonly string[],
  assertStartable: AssertStartable,
  job: JobContext,
  act: () => Promise<T>,
): Promise<T> {
  assertStartable()
  const stops = services.emergencyStops
  const wanted = services.wanted()
  const again = ids.filter((id) => wanted.includes(id) || named.includes(id))
  // Known to the next console, should this one not live to start them.
  await job.remember({ services: again })
  const stillOurs = () => again.filter((id) => services.stopOrder(id) === job.operation)
  let outcome: T
  try {
    allThere(await services.stop(ids, { cause: job.cause, operation: job.operation }))
    job.signal.throwIfAborted()
    outcome = await act()
  } catch (error) {
    if (services.emergencyStops === stops) await startedAgain(services, stillOurs(), job)
    throw error
  }
  if (services.emergencyStops !== stops) {
    throw new ConsoleError(
      'recovery-stopped',
      'An emergency stop came in between, so nothing was started again.',
      'Start the services when it is safe.',
    )
  }
  assertStartable()
  allThere(await services.start(stillOurs(), orderOf(job)))
  return outcome
}

/** After a failure: what does not come back is said, and the failure stays what it was. */
async function startedAgain(services: RecoveryServices, ids: readonly string[], job: JobContext): Promise<void> {
  try {
    const { failed } = await services.start(ids, { cause: job.cause, operation: job.operation })
    for (const { service, reason } of failed) job.log(`${service} did not get there: ${reason}`)
  } catch (error) {
    job.log(`${listed(ids)} could not be started again: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function orderOf(job: JobContext): Order {
  return { cause: job.cause, operation: job.operation, signal: job.signal }
}

export function nothing(sentence: string): { readonly result: 'nothing'; readonly sentence: string } {
  return { result: 'nothing', sentence }
}

export function listed(ids: readonly string[]): string {
  return ids.length <= 4 ? ids.join(', ') || 'nothing' : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`
}

/** A person stopped it while this was on its way: that counts more. */
function assertWanted(services: RecoveryServices, id: string): void {
  if (services.wanted().includes(id)) return
  throw new ConsoleError(
    'recovery-not-wanted',
    `${id} is not wanted to run any more, so it was left alone.`,
    'Nothing needs to be done.',
  )
}

function allThere({ failed }: ServicesOutcome): void {
  const [first] = failed
  if (!first) return
  throw new ConsoleError(
    'services-not-there',
    `${first.service} did not get there: ${first.reason}`,
    'Open the service to see its log and the reason.',
  )
}
