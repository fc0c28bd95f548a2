import { z } from 'zod'
import { serviceEvents } from './coordinator/index.ts'
import type { EventLog } from './events/index.ts'
import type { Jobs } from './jobs/index.ts'
import { holdsServices } from './restore-hold.ts'

/** So many orders are looked through: more are hardly given while one restore runs. */
const most = 200

const inputSchema = z.object({ services: z.union([z.literal('all'), z.array(z.string())]) })
const doneSchema = z.object({ done: z.array(z.string()) })

/**
 * Of services that an earlier console had stopped for something that it did not live to end, those that nobody has ordered to stop
 * since: a person's stop is the last word, also when the console that took it was killed. An emergency stop since leaves none.
 */
export async function stillOwed(
  owed: readonly string[],
  { jobs, events }: { readonly jobs: Pick<Jobs, 'ofArea' | 'interrupted'>; readonly events: Pick<EventLog, 'page'> },
): Promise<readonly string[]> {
  if (owed.length === 0) return []
  const cutOff = jobs.interrupted.filter(({ view }) => holdsServices(view) || view.kind.startsWith('recovery.'))
  const from = cutOff.length === 0 ? null : Math.min(...cutOff.map(({ view }) => view.startedAt))
  if (from !== null) {
    const [stop] = (await events.page({ kind: serviceEvents.emergencyStop, limit: 1 })).events
    if (stop && stop.at >= from) return []
  }
  const orders = jobs.ofArea('services', most).filter(({ view }) => from === null || view.startedAt >= from)
  return owed.filter((service) => {
    const last = orders.find(({ view, input }) => {
      const named = inputSchema.safeParse(input).data?.services ?? []
      return named === 'all' || named.includes(service) || doneSchema.safeParse(view.data).data?.done.includes(service)
    })
    return last?.view.kind !== 'services.stop'
  })
}
