import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { EventFilter } from '#shared/event-filter.ts'
import { usePage } from '../../../state/page-context.ts'
import { useLinkStatus } from '../../../state/use-link.ts'
import type { EventSpan } from './event-span.ts'

/** How often the counts are read again while the page is open. Milliseconds; counting a search costs more. */
const wholeEvery = 5_000
const filteredEvery = 15_000

/** The counts of the whole log, which give the scrubber its axis, and of what the filter lets through; null without a filter. */
export interface Spans {
  readonly whole: EventSpan | undefined
  readonly filtered: EventSpan | undefined | null
  /** Whether the counts shown are those of the filter before. */
  readonly counting: boolean
  readonly error: unknown
  readonly again: () => void
}

export function useSpans(filter: EventFilter, buckets: number): Spans {
  const { link } = usePage()
  const connected = useLinkStatus().phase === 'connected'
  const narrowed = Object.keys(filter).length > 0
  const whole = useQuery({
    queryKey: ['events', 'span', buckets],
    queryFn: () => link.calls.events.span({ buckets }),
    enabled: connected,
    refetchInterval: wholeEvery,
    staleTime: 0,
    placeholderData: keepPreviousData,
  })
  const filtered = useQuery({
    queryKey: ['events', 'span', buckets, filter],
    queryFn: () => link.calls.events.span({ ...filter, buckets }),
    enabled: connected && narrowed,
    refetchInterval: filteredEvery,
    staleTime: 0,
    placeholderData: keepPreviousData,
  })
  return {
    whole: whole.data,
    filtered: narrowed ? filtered.data : null,
    counting: narrowed && (filtered.isPlaceholderData || filtered.isPending),
    error: (whole.data === undefined ? whole.error : null) ?? (narrowed ? filtered.error : null),
    again: () => {
      void whole.refetch()
      if (narrowed) void filtered.refetch()
    },
  }
}
