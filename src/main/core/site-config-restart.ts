import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Coordinator } from './coordinator/index.ts'
import type { Jobs } from './jobs/index.ts'

/**
 * Restarts the services that a new configuration changed, one after the other, as a job. When one does not come up, `goBack` puts the
 * configuration from before to use, and those that were restarted are restarted by it.
 */
export async function restartForConfig(
  { jobs, coordinator }: { readonly jobs: Jobs; readonly coordinator: Coordinator },
  services: readonly string[],
  cause: Cause,
  goBack: (service: string, reason: string, cause: Cause) => Promise<string>,
): Promise<{ readonly job: string }> {
  const { id } = await jobs.start(
    {
      kind: 'config.apply',
      subject: 'site',
      title: `Apply the configuration to ${services.join(', ')}`,
      steps: services.map((service) => ({ id: service, title: `Restart ${service}` })),
      cause,
      commandLine: 'wheelhouse config apply',
      input: { services: [...services] },
      lane: 'config',
      cancellable: false,
    },
    async (job) => {
      job.noReturn('the services are taking the configuration over')
      const order = { cause: job.cause, operation: job.operation }
      const done: string[] = []
      for (const service of services) {
        const { failed } = await job.step(service, () => coordinator.restart(service, order))
        done.push(service)
        const refused = failed.find((one) => one.service === service)
        if (!refused) continue
        const why = await goBack(service, refused.reason, job.cause)
        for (const one of done) await coordinator.restart(one, order)
        throw new ConsoleError('config-undone', why, 'Put right what it refused, then try again.')
      }
      return { message: `${done.join(', ')} ${done.length === 1 ? 'works' : 'work'} by the new configuration.` }
    },
  )
  return { job: id }
}
