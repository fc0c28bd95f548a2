import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { markOf } from '../../components/event-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Age, Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import styles from './event-drawer.module.css'

/** One event: what it was, the chain of causes up to its root, and what it caused. */
export function EventDrawer({
  id,
  onClose,
  onGo,
}: {
  readonly id: string
  readonly onClose: () => void
  readonly onGo: (event: string) => void
}) {
  const { link } = usePage()
  const chain = useQuery({
    queryKey: ['chain', id],
    queryFn: () => link.calls.events.chain({ id }),
    // Causes are settled; effects may still come.
    refetchInterval: 5_000,
  })
  const [event, ...causes] = chain.data?.causes ?? []
  return (
    <Drawer
      label="Event"
      onClose={onClose}
      title={
        event ? (
          <>
            <HealthMark health={markOf(event)} size={13} label={event.severity} /> {event.message}
          </>
        ) : (
          'Event'
        )
      }
    >
      <PanelBody
        content={
          chain.error
            ? { state: 'failed', problem: toConsoleError(chain.error).problem, retry: () => void chain.refetch() }
            : chain.isPending
              ? { state: 'loading', waitsFor: 'Waiting for the chain of causes.' }
              : event
                ? { state: 'ready' }
                : { state: 'empty', sentence: 'There is no event with this id. It may belong to another site.' }
        }
      >
        {event && (
          <>
            <DrawerPart title="Why? Its causes, the nearest first">
              <ol className={styles.chain}>
                {causes.map((cause) => (
                  <li key={cause.id}>
                    <ChainLine event={cause} onGo={onGo} />
                  </li>
                ))}
                <li className={styles.root}>{rootWords((causes.at(-1) ?? event).cause)}</li>
              </ol>
            </DrawerPart>
            <DrawerPart title="What it caused">
              {(chain.data?.effects ?? []).length === 0 ? (
                <p className={styles.root}>Nothing that was recorded.</p>
              ) : (
                <ul className={styles.chain}>
                  {chain.data?.effects.map((effect) => (
                    <li key={effect.id}>
                      <ChainLine event={effect} onGo={onGo} />
                    </li>
                  ))}
                </ul>
              )}
            </DrawerPart>
            <DrawerPart title="The event">
              <EventFacts event={event} />
            </DrawerPart>
          </>
        )}
      </PanelBody>
    </Drawer>
  )
}

function ChainLine({ event, onGo }: { readonly event: EventRecord; readonly onGo: (event: string) => void }) {
  return (
    <button type="button" className={styles.line} onClick={() => onGo(event.id)}>
      <span className="dim">
        <Time at={event.at} />
      </span>
      <HealthMark health={markOf(event)} size={10} label={event.severity} />
      <span>{event.message}</span>
    </button>
  )
}

function EventFacts({ event }: { readonly event: EventRecord }) {
  const data = JSON.stringify(event.data, null, 2)
  const service = /^service:(.+)$/.exec(event.subject)?.[1]
  return (
    <>
      <Facts
        facts={[
          [
            'when',
            <span key="when">
              <Time at={event.at} />{' '}
              <span className="dim">
                (<Age at={event.at} />)
              </span>
            </span>,
          ],
          ['kind', <code key="kind">{event.kind}</code>],
          [
            'subject',
            service === undefined ? (
              <code key="subject">{event.subject}</code>
            ) : (
              <Link key="subject" to={`/services/${service}`}>
                {event.subject}
              </Link>
            ),
          ],
          ['severity', event.severity],
          ...(event.operation === null
            ? []
            : [
                [
                  'operation',
                  <Link key="operation" to={`/timeline/${event.id}?operation=${encodeURIComponent(event.operation)}`}>
                    <code>{event.operation}</code>
                  </Link>,
                ] as const,
              ]),
          ['number', event.seq],
          ['id', <code key="id">{event.id}</code>],
        ]}
      />
      {data !== '{}' && (
        <div className={styles.data}>
          <pre>{data}</pre>
          <CopyButton text={JSON.stringify(event, null, 2)} what="event" />
        </div>
      )}
    </>
  )
}

/** Where a chain of causes begins. */
function rootWords(cause: Cause): string {
  switch (cause.type) {
    case 'operator':
      return `An operator did it, through the ${cause.via}.`
    case 'schedule':
      return `The schedule ${cause.name} was due.`
    case 'console':
      return `The console itself: ${cause.why}.`
    case 'observation':
      return `It was seen: ${cause.what}.`
    case 'event':
      return 'The event before it is no longer recorded.'
  }
}
