import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { EventLine } from '../../components/event-line.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { usePage } from '../../state/page-context.ts'
import { useStream } from '../../state/use-stream.ts'

/** How many events are shown here; the Timeline has the rest. */
const shown = 50

/** The newest events of one subject, live. */
export function SubjectHistory({ subject }: { readonly subject: string }) {
  const { link } = usePage()
  const [fresh, setFresh] = useState<readonly EventRecord[]>([])
  const page = useQuery({
    queryKey: ['events', 'subject', subject],
    queryFn: () => link.calls.events.page({ subject, limit: shown }),
    staleTime: 0,
  })
  useStream(
    'events.tail',
    { subject },
    {
      onBatch: (events) => setFresh((before) => [...events.toReversed(), ...before].slice(0, shown)),
    },
  )
  const bySeq = new Map([...(page.data?.events ?? []), ...fresh].map((event) => [event.seq, event]))
  const events = [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, shown)
  return (
    <PanelBody
      content={
        events.length > 0
          ? {
              state: 'too-much',
              sentence: (
                <Link to={`/timeline?subject=${encodeURIComponent(subject)}`}>
                  All events of {subject} on the Timeline
                </Link>
              ),
            }
          : page.error
            ? { state: 'failed', problem: toConsoleError(page.error).problem, retry: () => void page.refetch() }
            : page.isPending
              ? { state: 'loading', waitsFor: 'Waiting for the events.' }
              : { state: 'empty', sentence: 'Nothing has happened to it yet.' }
      }
    >
      <div>
        {events.map((event) => (
          <EventLine key={event.id} event={event} whole />
        ))}
      </div>
    </PanelBody>
  )
}
