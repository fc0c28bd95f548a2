import { Button, Group } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { OutboxPage, OutboxRowView } from '#shared/contract/index.ts'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count, counted, duration, perSecond } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useSlice } from '../../state/use-shown.ts'
import { MessageTrace } from '../routes/message-trace.tsx'
import { intoOutbox, outageHorizon } from './outage-horizon.ts'
import { PagedRows, pageSize } from './paged-rows.tsx'
import { Payload } from './payload.tsx'
import { PayloadPart } from './payload-part.tsx'
import { RouteChoice } from './route-choice.tsx'

const rulesWhenFull: Readonly<Record<OutboxPage['bounds']['whenFull'], string>> = {
  'drop-lowest': 'then the oldest of the least urgent routes go',
  'drop-oldest': 'then the oldest messages go',
  refuse: 'then publishers of QoS 1 and 2 wait',
}

/** What waits for targets that must be reached, and how long it may go on so. */
export function OutboxTab() {
  const { link } = usePage()
  const [route, setRoute] = useState<string | null>(null)
  const [chosen, setChosen] = useState<OutboxRowView | null>(null)
  return (
    <PageFrame
      title="Outbox"
      note={<ZoneNote />}
      drawer={
        chosen && (
          <Drawer title={<code>{chosen.topic}</code>} label="Waiting message" onClose={() => setChosen(null)}>
            <Facts
              facts={[
                ['since', <Time key="at" at={chosen.at} />],
                [
                  'wanted until',
                  chosen.expiresAt === null ? 'the outbox’s own age' : <Time key="end" at={chosen.expiresAt} />,
                ],
                ['route', chosen.route],
                ['target', <code key="target">{chosen.target}</code>],
                ['refused', counted(chosen.attempts, 'time')],
                ['number', chosen.seq],
                ['id', <code key="id">{chosen.id}</code>],
              ]}
            />
            <DrawerPart title="Payload">
              <Payload payload={chosen.payload} encoding={chosen.encoding} />
              <PayloadPart {...chosen} />
            </DrawerPart>
            <DrawerPart title="What became of it">
              <MessageTrace key={`${chosen.at} ${chosen.topic}`} at={chosen.at} topic={chosen.topic} message={null} />
            </DrawerPart>
            <Settling key={chosen.seq} row={chosen} onDone={() => setChosen(null)} />
          </Drawer>
        )
      }
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
        textOf={(row) => `${row.topic} ${row.target} ${row.payload}`}
        name="outbox"
        filters={<RouteChoice value={route} onChange={setRoute} />}
        label="Messages that wait, oldest first"
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
            <code>{row.target}</code>
            <span title={row.payload}>{row.payload}</span>
          </>
        )}
      </PagedRows>
    </PageFrame>
  )
}

/** What can be done with a message that waits: try its target at once, or give the message up. */
function Settling({ row, onDone }: { readonly row: OutboxRowView; readonly onDone: () => void }) {
  const { busy, run } = useAction()
  const queries = useQueryClient()
  const [sure, setSure] = useState(false)
  const settle = async (what: 'send' | 'discard') => {
    const answer = await run(({ messages }) => messages.settleWaiting({ seq: row.seq, what }))
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
        {sure ? (
          <Button size="compact-sm" color="red" loading={busy} onClick={() => void settle('discard')}>
            Discard for good
          </Button>
        ) : (
          <Button size="compact-sm" variant="default" onClick={() => setSure(true)}>
            Discard
          </Button>
        )}
      </Group>
    </DrawerPart>
  )
}

/** How much waits, of which age, and when there would be no room for more. */
function Waiting() {
  const { link } = usePage()
  const routes = Object.values(useSlice('routes'))
  const { data } = useQuery({
    queryKey: ['outbox-waiting'],
    queryFn: () => link.calls.messages.outbox({ limit: 1 }),
    refetchInterval: 5_000,
  })
  if (!data) return null
  const rows = data.targets.reduce((sum, target) => sum + target.rows, 0)
  if (rows === 0) return null
  const oldest = Math.min(...data.targets.map(({ oldestAt }) => oldestAt))
  const rate = intoOutbox(routes, data.targets)
  const { ms } = outageHorizon(data, rate)
  return (
    <p>
      {counted(rows, 'message')}, {bytes(data.targets.reduce((sum, target) => sum + target.bytes, 0))}, the oldest since{' '}
      <Time at={oldest} /> for {data.targets.map(({ target, rows }) => `${target} (${count(rows)})`).join(', ')}.{' '}
      {ms === null
        ? 'Nothing more comes in at present.'
        : `At this rate (${perSecond(rate)}) the outbox is full in ${duration(ms)}; ${rulesWhenFull[data.bounds.whenFull]}.`}
    </p>
  )
}
