import { useDebouncedValue } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import type { EventRecord } from '#shared/vocabulary.ts'
import { usePage } from '../../state/page-context.ts'
import type { TimelineReader } from './timeline-reader.ts'
import { chainQuery, type Kinship, kinships, useChain } from './use-chain.ts'

/** While the selection moves on, its chain is not asked for. Milliseconds. */
const rest = 120
const none: ReadonlyMap<string, Kinship> = new Map()

/** The selected event of the timeline, open beside the list or only marked in it, and the ways from it. */
export interface Selection {
  readonly id: string | undefined
  /** Whether it is open beside the list; then it stands in the address. */
  readonly open: boolean
  /** As far as it is known; it may lie outside of what is loaded. */
  readonly event: EventRecord | undefined
  readonly kinships: ReadonlyMap<string, Kinship>
  /** Why the last way led nowhere. */
  readonly note: string | null
  /** Counts up when the effects are to get the focus. */
  readonly focusEffects: number
  /** Marks an event of the list, or opens it. */
  select(event: EventRecord, open: boolean): void
  /** Goes to an event, wherever it lies. */
  go(event: EventRecord): void
  close(): void
  clear(): void
  toCause(): Promise<void>
  toEffects(): Promise<void>
}

export function useSelection(reader: TimelineReader, events: readonly EventRecord[]): Selection {
  const { link } = usePage()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [params] = useSearchParams()
  const { id: opened } = useParams()
  const [marked, setMarked] = useState<string | null>(null)
  const [note, setNote] = useState<string | null>(null)
  const [focusEffects, setFocusEffects] = useState(0)
  const id = opened ?? marked ?? undefined
  const [settled] = useDebouncedValue(id, rest)
  const chain = useChain(settled)
  const ownChain = chain.data?.causes[0]?.id === id ? chain.data : undefined
  const event = useMemo(() => events.find((each) => each.id === id), [events, id]) ?? ownChain?.causes[0]
  const marks = useMemo(() => (ownChain ? kinships(ownChain) : none), [ownChain])

  // An event that came with the address is gone to; one that was chosen here is in view already.
  const chosen = useRef<string | undefined>(undefined)
  const arrived = opened !== undefined && opened !== chosen.current && event?.id === opened ? event : undefined
  useEffect(() => {
    if (!arrived) return
    chosen.current = arrived.id
    setMarked(arrived.id)
    void reader.jump(arrived.seq, 'centre')
  }, [arrived, reader])

  const address = (to: string | null) => ({
    pathname: to === null ? '/timeline' : `/timeline/${to}`,
    search: params.toString(),
  })
  const mark = (next: EventRecord) => {
    chosen.current = next.id
    setMarked(next.id)
    setNote(null)
    setFocusEffects(0)
  }
  const go = (next: EventRecord) => {
    mark(next)
    if (opened !== undefined) void navigate(address(next.id))
    void reader.jump(next.seq, 'centre')
  }
  const chainOf = async (of: string) => {
    try {
      return await queries.fetchQuery(chainQuery(link, of))
    } catch {
      setNote('The chain of causes could not be read.')
      return undefined
    }
  }
  return {
    id,
    open: opened !== undefined,
    event,
    kinships: marks,
    note,
    focusEffects,
    select(next, open) {
      mark(next)
      reader.hold()
      if (open || opened !== undefined) void navigate(address(next.id), { replace: opened !== undefined })
    },
    go,
    close: () => void navigate(address(null)),
    clear: () => setMarked(null),
    async toCause() {
      if (id === undefined) return
      const found = await chainOf(id)
      const cause = found?.causes[1]
      if (cause) go(cause)
      else if (found) setNote('No event led to this one: it is the root.')
    },
    async toEffects() {
      if (id === undefined) return
      const found = await chainOf(id)
      if (!found) return
      const [first, second] = found.effects
      if (!first) setNote('This event caused nothing that was recorded.')
      else if (!second) go(first)
      else {
        if (opened === undefined) void navigate(address(id))
        setFocusEffects((before) => before + 1)
      }
    },
  }
}
