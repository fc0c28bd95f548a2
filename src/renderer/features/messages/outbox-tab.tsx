import { Button, Group } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { OutboxRowView } from '#shared/contract/index.ts'
import { boundsInWords, horizonInWords, targetInWords } from '#shared/outbox-words.ts'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count, counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { MessageTrace } from '../routes/message-trace.tsx'
import { DiscardDialog } from './discard-dialog.tsx'
import styles from './outbox-tab.module.css'
import { PagedRows, pageSize } from './paged-rows.tsx'
import { Payload } from './payload.tsx'
import { PayloadPart } from './payload-part.tsx'
import { PropertiesPart } from './properties-part.tsx'
import { RouteChoice } from './route-choice.tsx'
import { useTargetFacts } from './target-facts.tsx'

/** What waits for targets that must be reached, and how long it may go on so. */
export function OutboxTab() {
  const { link } = usePage()
  const [route, setRoute] = useState<string | null>(null)
  const [chosen, setChosen] = useState<OutboxRowView | null>(null)
  return (
    <PageFrame
      title="Outbox"
      note={<ZoneNote />}
      drawer={chosen && <WaitingMessage row={chosen} onClose={() => setChosen(null)} />}
    >
      <Waiting />
      <PagedRows<OutboxRowView>
        queryKey={['outbox', route]}
        load={(after) =>
          link.calls.messages.outbox({
            limit: pageSize,
            ...(after !== undefined && { after }),
            ...(route !== null && { route }),
          })
        }
        keyOf={(row) => row.seq}
        textOf={(row) => `${row.topic} ${targetInWords(row.target)} ${row.key ?? ''} ${row.payload}`}
        name="outbox"
        filters={<RouteChoice value={route} onChange={setRoute} />}
        label="Messages that wait, oldest first"
        heads={['Since', 'Route', 'Target', 'Payload']}
        empty="Nothing waits: every message that must arrive has arrived."
        selected={chosen?.seq}
        onSelect={setChosen}
      >
        {(row) => (
          <>
            <span className="dim">
              <Time at={row.at} />
            </span>
            <span>{row.route}</span>
            <code title={`${targetInWords(row.target)}${row.key === null ? '' : `, key ${row.key}`}`}>
              {targetInWords(row.target)}
            </code>
            <span title={row.payload}>{row.payload}</span>
          </>
        )}
      </PagedRows>
    </PageFrame>
  )
}

function WaitingMessage({ row, onClose }: { readonly row: OutboxRowView; readonly onClose: () => void }) {
  const target = useTargetFacts(row.target)
  return (
    <Drawer title={<code>{row.topic}</code>} label="Waiting message" onClose={onClose}>
      <Facts
        facts={[
          ['since', <Time key="at" at={row.at} />],
          ['wanted until', row.expiresAt === null ? 'the outbox’s own age' : <Time key="end" at={row.expiresAt} />],
          ['route', row.route],
          ...target,
          ...(row.key === null ? [] : [['key', <code key="key">{row.key}</code>] as const]),
          ...(row.client === undefined ? [] : [['client', <code key="client">{row.client}</code>] as const]),
          ...(row.attempts === 0 ? [] : [['refused', counted(row.attempts, 'time')] as const]),
          ['number', row.seq],
          ['id', <code key="id">{row.id}</code>],
        ]}
      />
      <DrawerPart title="Payload">
        <Payload payload={row.payload} encoding={row.encoding} />
        <PayloadPart {...row} />
      </DrawerPart>
      <PropertiesPart properties={row.properties} />
      <DrawerPart title="What became of it">
        <MessageTrace key={`${row.at} ${row.topic}`} at={row.at} topic={row.topic} message={null} />
      </DrawerPart>
      <Settling key={row.seq} row={row} onDone={onClose} />
    </Drawer>
  )
}

/** What can be done with a message that waits: try its target at once, or give the message up. */
function Settling({ row, onDone }: { readonly row: OutboxRowView; readonly onDone: () => void }) {
  const { busy, run } = useAction()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const settle = async (what: 'send' | 'discard') => {
    const answer = await run(({ messages }) => messages.settleWaiting({ seq: row.seq, what }))
    setAsking(false)
    await queries.invalidateQueries({ queryKey: ['outbox'] })
    if (!answer) return
    tellDone(what === 'send' ? `${row.target} is tried now.` : 'The message was discarded.')
    onDone()
  }
  return (
    <DrawerPart title="Send or discard">
      <Group gap="xs" mt="xs">
        <Button size="compact-sm" loading={busy} onClick={() => void settle('send')}>
          Send now
        </Button>
        <Button size="compact-sm" onClick={() => setAsking(true)}>
          Discard…
        </Button>
      </Group>
      {asking && (
        <DiscardDialog
          act="Discard the message"
          command={`wheelhouse outbox discard ${row.seq}`}
          busy={busy}
          onDiscard={() => void settle('discard')}
          onClose={() => setAsking(false)}
        >
          The message from <code>{row.topic}</code> is deleted and never sent to{' '}
          <code>{targetInWords(row.target)}</code>. What waits behind it keeps its order.
        </DiscardDialog>
      )}
    </DrawerPart>
  )
}

/** How much waits, of which age, when there would be no room for more, and what happens then. */
function Waiting() {
  const { link } = usePage()
  const { data } = useQuery({
    queryKey: ['outbox-waiting'],
    queryFn: () => link.calls.messages.outbox({ limit: 1 }),
    refetchInterval: 5_000,
  })
  if (!data) return null
  const rows = data.targets.reduce((sum, target) => sum + target.rows, 0)
  if (rows === 0) return <p className="dim">{boundsInWords(data.bounds)}</p>
  const oldest = Math.min(...data.targets.map(({ oldestAt }) => oldestAt))
  return (
    <div className={styles.waiting}>
      <p>
        {counted(rows, 'message')}, {bytes(data.targets.reduce((sum, target) => sum + target.bytes, 0))}, the oldest
        since <Time at={oldest} /> for{' '}
        {data.targets.map(({ target, rows }) => `${targetInWords(target)} (${count(rows)})`).join(', ')}.
      </p>
      <p>
        <strong>{horizonInWords(data, Date.now())}</strong> <span className="dim">{boundsInWords(data.bounds)}</span>
      </p>
    </div>
  )
}
