import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { EventLine } from '../../components/event-line.tsx'
import { Panel } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { useLinkStatus } from '../../state/use-link.ts'
import { useStream } from '../../state/use-stream.ts'
import styles from './just-now.module.css'

/** How many of the newest events are shown. */
const shown = 14

/** The newest events, live. */
export function JustNow() {
  const { link } = usePage()
  const { phase } = useLinkStatus()
  const [fresh, setFresh] = useState<readonly EventRecord[]>([])
  const page = useQuery({
    queryKey: ['events', 'newest', shown],
    queryFn: () => link.calls.events.page({ limit: shown }),
    enabled: phase === 'connected',
    staleTime: 0,
  })
  useStream(
    'events.tail',
    {},
    {
      onBegin: () => void page.refetch(),
      onBatch: (events) => setFresh((before) => [...events.toReversed(), ...before].slice(0, shown)),
    },
  )
  const events = newest(fresh, page.data?.events ?? [])
  return (
    <Panel
      title="Just now"
      flush
      aside={<Link to="/timeline">Timeline</Link>}
      content={
        events.length > 0
          ? { state: 'ready' }
          : page.error
            ? { state: 'failed', problem: toConsoleError(page.error).problem, retry: () => void page.refetch() }
            : page.isPending
              ? { state: 'loading', waitsFor: 'Waiting for the newest events.' }
              : { state: 'empty', sentence: 'Whatever happens on this site appears here, each thing with its cause.' }
      }
    >
      <div className={styles.lines}>
        {events.map((event) => (
          <EventLine key={event.id} event={event} />
        ))}
      </div>
    </Panel>
  )
}

function newest(fresh: readonly EventRecord[], older: readonly EventRecord[]): readonly EventRecord[] {
  const bySeq = new Map([...older, ...fresh].map((event) => [event.seq, event]))
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, shown)
}
