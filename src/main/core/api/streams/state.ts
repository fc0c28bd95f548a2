import type { StateChange } from '#core/state/index.ts'
import type { StateBatch } from '#shared/contract/subscriptions.ts'
import { mergeChanges } from './merge-changes.ts'
import type { OpenStream } from './stream.ts'

/** First the whole state, then changes; what comes while the client has no credit is merged, so nothing piles up. */
export const stateStream: OpenStream<object> = (_params, host) => {
  const hub = host.context.console.state
  let sent: number | null = null
  let pending: StateChange = {}
  const subscription = hub.onRevision(({ slices }) => {
    if (sent !== null) pending = mergeChanges(pending, slices)
    host.ready()
  })
  return {
    take() {
      const { epoch } = hub
      if (sent === null) {
        const { revision, slices } = hub.whole()
        sent = revision
        return batch({ epoch, revision, base: 0, whole: true, slices })
      }
      if (hub.revision === sent) return undefined
      const slices = pending
      const base = sent
      pending = {}
      sent = hub.revision
      return batch({ epoch, revision: sent, base, whole: false, slices })
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

function batch(item: StateBatch): { readonly items: readonly unknown[]; readonly skipped: number } {
  return { items: [item], skipped: 0 }
}
