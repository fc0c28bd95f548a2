import type { JobContext } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Order, PhasePlan, ServicesOutcome } from './types.ts'

/**
 * Carries out one order and shows the phases of its services as the steps of a job, one after the other. Phases hold nothing back:
 * a service of a later one may have arrived long before its step begins. A phase in which a service is lost fails; the others go on.
 */
export async function throughPhases(
  job: Pick<JobContext, 'step' | 'progress'>,
  phases: readonly PhasePlan[],
  act: (following: Pick<Order, 'onProgress' | 'onSettled'>) => Promise<ServicesOutcome>,
): Promise<ServicesOutcome> {
  const settled = new Map<string, string | null>()
  let show = () => {}
  let order: Promise<ServicesOutcome> | undefined
  const begin = () =>
    act({
      onSettled: (service, lost) => {
        settled.set(service, lost)
        show()
      },
      ...(phases.length === 1 && { onProgress: (done, total) => job.progress(done, total, 'services') }),
    })
  for (const { id, services } of phases) {
    const walked = job.step(id, async () => {
      order ??= begin()
      if (phases.length === 1) return void (await order)
      await new Promise<void>((resolve, reject) => {
        show = () => {
          const there = services.filter((service) => settled.has(service)).length
          job.progress(there, services.length, 'services')
          if (there === services.length) resolve()
        }
        show()
        order?.then(() => resolve(), reject) // what is optional may never settle
      })
      const lost = services.flatMap((service) => settled.get(service) ?? [])
      if (lost[0] !== undefined) throw new PhaseIncomplete(lost[0])
    })
    await walked.catch((error: unknown) => {
      if (!(error instanceof PhaseIncomplete)) throw error
    })
  }
  return await (order ?? begin())
}

/** Marks the step as failed; the whole order tells what became of it. */
class PhaseIncomplete extends ConsoleError {
  constructor(reason: string) {
    super('phase-incomplete', reason, 'Open the service to see its log.')
  }
}
