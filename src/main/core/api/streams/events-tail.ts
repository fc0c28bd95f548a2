import type { z } from 'zod'
import type { eventFilterSchema } from '#shared/contract/events.ts'
import { eventMatcher } from '#shared/event-filter.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { siteOf } from '../context.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { OpenStream } from './stream.ts'

/** Events that wait for one slow client; older ones are skipped there and still in the log. See docs/queues.md. */
const mostWaiting = 1_000

/** Events as they are committed. */
export const eventsTailStream: OpenStream<z.output<typeof eventFilterSchema>> = (filter, host) => {
  const waiting = new BoundedQueue<EventRecord>(mostWaiting)
  const matches = eventMatcher(filter)
  const subscription = siteOf(host.context).events.onCommitted((events) => {
    for (const event of events) if (matches(event)) waiting.push(event)
    host.ready()
  })
  return {
    take: () => waiting.take(),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
