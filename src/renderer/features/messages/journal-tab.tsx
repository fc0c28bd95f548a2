import { useState } from 'react'
import type { JournalRow } from '#shared/contract/index.ts'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { MessageTrace } from '../routes/message-trace.tsx'
import { PagedRows, pageSize } from './paged-rows.tsx'
import { Payload } from './payload.tsx'
import { PropertiesPart } from './properties-part.tsx'
import { RouteChoice } from './route-choice.tsx'

/** Bytes of a payload that the console tells. */
const shownBytes = 64 * 1024

/** Messages that routes with a journal target have kept. */
export function JournalTab() {
  const { link } = usePage()
  const [route, setRoute] = useState<string | null>(null)
  const [chosen, setChosen] = useState<JournalRow | null>(null)
  return (
    <PageFrame
      title="Journal"
      note={<ZoneNote />}
      drawer={
        chosen && (
          <Drawer title={<code>{chosen.topic}</code>} label="Journalled message" onClose={() => setChosen(null)}>
            <Facts
              facts={[
                ['when', <Time key="at" at={chosen.at} />],
                ['route', chosen.route],
                ...(chosen.broker === undefined ? [] : [['broker', chosen.broker] as const]),
                ...(chosen.client === undefined
                  ? []
                  : [['client', <code key="client">{chosen.client}</code>] as const]),
                ['number', chosen.seq],
                ['size', bytes(chosen.bytes)],
              ]}
            />
            <DrawerPart title="Payload">
              <Payload payload={chosen.payload} encoding={chosen.encoding} />
              {chosen.bytes > shownBytes && <p className="dim">Only the first 64 KiB are shown.</p>}
            </DrawerPart>
            <PropertiesPart properties={chosen.properties} />
            <DrawerPart title="What became of it">
              <MessageTrace key={`${chosen.at} ${chosen.topic}`} at={chosen.at} topic={chosen.topic} message={null} />
            </DrawerPart>
          </Drawer>
        )
      }
    >
      <PagedRows<JournalRow>
        queryKey={['journal', route]}
        load={(before) =>
          link.calls.messages.journal({
            limit: pageSize,
            ...(before !== undefined && { before }),
            ...(route !== null && { route }),
          })
        }
        keyOf={(row) => row.seq}
        textOf={(row) => `${row.topic} ${row.payload}`}
        name="journal"
        filters={<RouteChoice value={route} onChange={setRoute} />}
        label="Journalled messages, newest first"
        heads={['Time', 'Route', 'Topic', 'Payload']}
        empty="Nothing has been journalled yet. Routes with a journal among their targets keep what they deliver here."
        selected={chosen?.seq}
        onSelect={setChosen}
      >
        {(row) => (
          <>
            <span className="dim">
              <Time at={row.at} />
            </span>
            <span>{row.route}</span>
            <code>{row.topic}</code>
            <code className="dim">{row.payload.slice(0, 300)}</code>
          </>
        )}
      </PagedRows>
    </PageFrame>
  )
}
