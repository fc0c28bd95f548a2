import { useCallback, useState } from 'react'
import type { ShownMessage } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { useStream } from '../../state/use-stream.ts'

/** How many of the newest messages are kept in memory. */
export const ringSize = 5_000

/** What the live tap has brought. */
export interface Tapped {
  /** Oldest first. */
  readonly messages: readonly ShownMessage[]
  /** All that came since the filter was set, shown or not. */
  readonly received: number
  /** Came faster than they can be shown: only counted. */
  readonly skipped: number
}

const nothing: Tapped = { messages: [], received: 0, skipped: 0 }

/** Takes a batch into the ring. Pure. */
export function tapped(before: Tapped, items: readonly ShownMessage[], skipped: number): Tapped {
  const messages =
    items.length >= ringSize ? items.slice(-ringSize) : [...before.messages.slice(items.length - ringSize), ...items]
  return {
    messages,
    received: before.received + items.length + skipped,
    skipped: before.skipped + skipped,
  }
}

/** Follows the messages that match, at most ten batches a second. */
export function useTap(
  filter: string,
  text: string,
  route: string | null,
  /** Only what this client of the embedded broker published; empty: whoever did. */
  client = '',
): { readonly tap: Tapped; readonly problem: Problem | null; readonly clear: () => void } {
  const [tap, setTap] = useState<Tapped>(nothing)
  const [problem, setProblem] = useState<Problem | null>(null)
  useStream(
    'messages.tap',
    { filter, text, ...(route !== null && { route }), ...(client !== '' && { client }) },
    {
      onBegin: () => {
        setTap(nothing)
        setProblem(null)
      },
      onRefused: setProblem,
      onBatch: (items, skipped) => setTap((before) => tapped(before, items, skipped)),
    },
  )
  const clear = useCallback(() => setTap(nothing), [])
  return { tap, problem, clear }
}
