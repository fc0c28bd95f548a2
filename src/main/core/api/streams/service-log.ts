import type { LogLine } from '#shared/contract/services.ts'
import { siteOf } from '../context.ts'
import { BoundedQueue } from './bounded-queue.ts'
import type { OpenStream } from './stream.ts'

const mostWaiting = 5_000

/** A service's log: the last lines, then each new one. */
export const serviceLogStream: OpenStream<{ readonly service: string; readonly lines: number }> = async (
  params,
  host,
) => {
  const waiting = new BoundedQueue<LogLine>(mostWaiting)
  const follower = await siteOf(host.context).followLog(params.service, params.lines, (lines) => {
    for (const line of lines) waiting.push(line)
    host.ready()
  })
  return { take: () => waiting.take(), [Symbol.dispose]: () => follower[Symbol.dispose]() }
}
