import { useEffect, useRef } from 'react'
import type { SubscriptionItem, SubscriptionParams, Topic } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { usePage } from './page-context.ts'

/** What a component does with a stream. The newest functions are called; changing them does not open the stream anew. */
export interface StreamReader<T extends Topic> {
  readonly onBatch: (items: readonly SubscriptionItem<T>[], skipped: number) => void
  readonly onBegin?: () => void
  readonly onRefused?: (problem: Problem) => void
}

/**
 * Follows a stream while the component is shown. The next batch is asked for `pace` milliseconds after the last one, so that
 * a flood is drawn at most ten times a second. `params` `null`: not now.
 */
export function useStream<T extends Topic>(
  topic: T,
  params: SubscriptionParams<T> | null,
  reader: StreamReader<T>,
  pace = 100,
): void {
  const { link, clock } = usePage()
  const latest = useRef(reader)
  latest.current = reader
  const key = JSON.stringify(params)
  useEffect(() => {
    // Compared by content: callers write their parameters where they use them.
    const wanted: SubscriptionParams<T> | null = JSON.parse(key)
    if (wanted === null) return
    const stream = link.follow(topic, wanted, {
      onBegin: () => latest.current.onBegin?.(),
      onRefused: (problem) => latest.current.onRefused?.(problem),
      onBatch: ({ items, skipped }) => {
        latest.current.onBatch(items, skipped)
        return new Promise((resolve) => {
          clock.after(pace, resolve)
        })
      },
    })
    return () => stream[Symbol.dispose]()
  }, [link, clock, topic, key, pace])
}
