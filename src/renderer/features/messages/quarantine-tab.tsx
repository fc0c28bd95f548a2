import { useState } from 'react'
import type { Quarantined } from '#shared/contract/index.ts'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { PagedRows, pageSize } from './paged-rows.tsx'
import { Payload } from './payload.tsx'
import { RouteChoice } from './route-choice.tsx'

/** Messages that could not be routed, each with the reason. */
export function QuarantineTab() {
  const { link } = usePage()
  const [route, setRoute] = useState<string | null>(null)
  const [chosen, setChosen] = useState<Quarantined | null>(null)
  return (
    <PageFrame
      title="Quarantine"
      note={<ZoneNote />}
      drawer={
        chosen && (
          <Drawer title={<code>{chosen.topic}</code>} label="Quarantined message" onClose={() => setChosen(null)}>
            <p>{chosen.reason}</p>
            <Facts
              facts={[
                ['when', <Time key="at" at={chosen.at} />],
                ['route', chosen.route],
                ['number', chosen.id],
              ]}
            />
            <DrawerPart title="Payload">
              <Payload payload={chosen.payload} encoding={chosen.encoding} />
            </DrawerPart>
          </Drawer>
        )
      }
    >
      <PagedRows<Quarantined>
        queryKey={['quarantine', route]}
        load={(before) =>
          link.calls.messages.quarantine({
            limit: pageSize,
            ...(before !== undefined && { before }),
            ...(route !== null && { route }),
          })
        }
        keyOf={(row) => row.id}
        textOf={(row) => `${row.topic} ${row.reason} ${row.payload}`}
        name="quarantine"
        filters={<RouteChoice value={route} onChange={setRoute} />}
        label="Quarantined messages, newest first"
        empty="Nothing is in quarantine. A message that cannot be decoded, or whose mapping fails, is kept here with the reason."
        selected={chosen?.id}
        onSelect={setChosen}
      >
        {(row) => (
          <>
            <span className="dim">
              <Time at={row.at} />
            </span>
            <span>{row.route}</span>
            <code>{row.topic}</code>
            <span title={row.reason}>{row.reason}</span>
          </>
        )}
      </PagedRows>
    </PageFrame>
  )
}
