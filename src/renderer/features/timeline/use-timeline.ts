import { useCallback, useEffect, useRef, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { usePage } from '../../state/page-context.ts'
import { useLinkStatus } from '../../state/use-link.ts'
import { useStream } from '../../state/use-stream.ts'
import type { EventFilter } from './event-filter.ts'

/** How many events a page holds, and how many are kept on screen at most. */
const pageSize = 200
const most = 5_000

/** The events that a filter lets through, newest first, live at the top and paged at the bottom. */
export interface Timeline {
  readonly events: readonly EventRecord[]
  readonly state: 'loading' | 'ready' | 'failed'
  readonly problem: Problem | null
  readonly more: boolean
  readonly loadingOlder: boolean
  readonly older: () => void
  readonly again: () => void
}

/** Follows the timeline. The keys of paging are sequences: nothing is shown twice or left out as new events come. */
export function useTimeline(filter: EventFilter): Timeline {
  const { link } = usePage()
  const { phase } = useLinkStatus()
  const key = JSON.stringify(filter)
  const [events, setEvents] = useState<readonly EventRecord[]>([])
  const [state, setState] = useState<Timeline['state']>('loading')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [more, setMore] = useState(false)
  const [loadingOlder, setLoadingOlder] = useState(false)
  const wanted = useRef(key)
  wanted.current = key

  const load = useCallback(
    async (before: number | undefined) => {
      const asked: EventFilter = JSON.parse(key)
      try {
        const page = await link.calls.events.page({
          ...asked,
          limit: pageSize,
          ...(before !== undefined && { before }),
        })
        if (wanted.current !== key) return
        setEvents((known) => merged(known, page.events))
        setMore(page.more)
        setState('ready')
        setProblem(null)
      } catch (error) {
        if (wanted.current !== key) return
        setProblem(toConsoleError(error).problem)
        setState((now) => (now === 'ready' ? now : 'failed'))
      }
    },
    [link, key],
  )

  useEffect(() => {
    setEvents([])
    setState('loading')
    if (phase === 'connected') void load(undefined)
  }, [load, phase])

  useStream('events.tail', filter, {
    onBatch: (fresh, skipped) => {
      setEvents((known) => merged(known, fresh).slice(0, most))
      // What the stream left out is in the store.
      if (skipped > 0) void load(undefined)
    },
  })

  const oldest = events.at(-1)?.seq
  return {
    events,
    state,
    problem,
    more,
    loadingOlder,
    older: () => {
      if (oldest === undefined || loadingOlder) return
      setLoadingOlder(true)
      void load(oldest).finally(() => setLoadingOlder(false))
    },
    again: () => void load(undefined),
  }
}

/** Both lists as one, newest first, each sequence once. */
export function merged(known: readonly EventRecord[], others: readonly EventRecord[]): readonly EventRecord[] {
  const bySeq = new Map(known.map((event) => [event.seq, event]))
  for (const event of others) bySeq.set(event.seq, event)
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq)
}
