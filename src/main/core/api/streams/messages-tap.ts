import { siteOf } from '../context.ts'
import type { OpenStream } from './stream.ts'

/** Messages as they pass. The data plane keeps the ring; what did not fit into it is counted, not queued here. */
export const messagesTapStream: OpenStream<{
  readonly filter: string
  readonly text: string
  readonly route?: string | undefined
  readonly client?: string | undefined
}> = (params, host) => {
  const tap = siteOf(host.context).messaging.tap({
    filter: params.filter,
    text: params.text,
    route: params.route ?? null,
    client: params.client ?? null,
  })
  const subscription = tap.onReady(() => host.ready())
  return {
    take() {
      const { messages, skipped } = tap.take()
      return messages.length === 0 && skipped === 0 ? undefined : { items: messages, skipped }
    },
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]()
      tap[Symbol.dispose]()
    },
  }
}
