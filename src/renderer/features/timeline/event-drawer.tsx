import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link, useSearchParams } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { markOf } from '../../components/event-line.tsx'
import { counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Age, Time } from '../../components/time.tsx'
import { EventChain } from './event-chain.tsx'
import styles from './event-drawer.module.css'
import { useChain } from './use-chain.ts'

/** One event: the chain of causes that led to it, what it caused, and its facts. */
export function EventDrawer({
  id,
  onClose,
  onGo,
  onCause,
  onEffects,
  hiddenByFilter,
  focusEffects,
}: {
  readonly id: string
  readonly onClose: () => void
  readonly onGo: (event: EventRecord) => void
  readonly onCause: () => void
  readonly onEffects: () => void
  /** Whether the filter keeps it out of the list. */
  readonly hiddenByFilter: boolean
  /** Counts up when the first effect is to get the focus. */
  readonly focusEffects: number
}) {
  const [, setParams] = useSearchParams()
  const chain = useChain(id)
  const effectsList = useRef<HTMLOListElement>(null)
  const [event, ...causes] = chain.data?.causes ?? []
  const effects = chain.data?.effects ?? []
  const there = effects.length > 0
  useEffect(() => {
    if (focusEffects > 0 && there) effectsList.current?.querySelector('button')?.focus()
  }, [focusEffects, there])
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
          chain.error && !event
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
            {hiddenByFilter && (
              <div className={styles.hidden} role="status">
                The filters keep this event out of the list.{' '}
                <Button size="compact-xs" onClick={() => setParams({}, { replace: true })}>
                  Clear filters
                </Button>
              </div>
            )}
            <DrawerPart title="Cause and effects">
              <EventChain
                key={event.id}
                event={event}
                causes={causes}
                effects={effects}
                effectsTotal={chain.data?.effectsTotal ?? 0}
                effectsList={effectsList}
                onGo={onGo}
              />
              <div className={styles.jumps}>
                <Button disabled={causes.length === 0} onClick={onCause} rightSection={<kbd>c</kbd>}>
                  To its cause
                </Button>
                <Button disabled={effects.length === 0} onClick={onEffects} rightSection={<kbd>e</kbd>}>
                  {effects.length === 1 ? 'To its effect' : 'To its effects'}
                </Button>
              </div>
            </DrawerPart>
            {event.operation !== null && (
              <DrawerPart title="The same operation">
                <Link to={`/timeline/${event.id}?operation=${encodeURIComponent(event.operation)}`}>
                  Everything that belongs to <code>{event.operation}</code>
                </Link>
              </DrawerPart>
            )}
            <DrawerPart title="The event">
              <EventFacts event={event} causes={causes.length} />
            </DrawerPart>
          </>
        )}
      </PanelBody>
    </Drawer>
  )
}

function EventFacts({ event, causes }: { readonly event: EventRecord; readonly causes: number }) {
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
          ['cause', causes === 0 ? 'it is the root' : `${counted(causes, 'event')} led to it`],
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
