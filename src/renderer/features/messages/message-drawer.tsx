import { Button, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import type { ShownMessage } from '#shared/contract/index.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes } from '../../components/figures.ts'
import { Time } from '../../components/time.tsx'
import styles from './message-drawer.module.css'
import { hexDump, prettyJson } from './payload-views.ts'
import { RouteResults } from './route-results.tsx'

/** One message in full: its payload as JSON, text or bytes, and the routes that it took. */
export function MessageDrawer({
  message,
  onClose,
  onFilter,
}: {
  readonly message: ShownMessage
  readonly onClose: () => void
  readonly onFilter: (filter: string) => void
}) {
  return (
    <Drawer title={<code>{message.topic}</code>} label="Message" onClose={onClose}>
      <Facts
        facts={[
          ['received', <Time key="at" at={message.at} precise />],
          ['size', `${bytes(message.bytes)}${message.cut ? ', cut here' : ''}`],
          ['QoS', `${message.qos}${message.retain ? ', retained' : ''}`],
          ['number', message.n],
        ]}
      />
      <div className={styles.ways}>
        <Button onClick={() => onFilter(message.topic)}>Only this topic</Button>
        <CopyButton text={message.topic} what="topic" />
      </div>
      <DrawerPart title="Payload">
        <Payload payload={message.payload} encoding={message.encoding} cut={message.cut} />
      </DrawerPart>
      <DrawerPart title="Routes">
        {message.routes.length === 0 ? (
          <p className="dim">No route matches this topic.</p>
        ) : (
          <ul className={styles.routes}>
            {message.routes.map((taken) => (
              <li key={taken.route}>
                <RouteResults routes={[taken]} /> <span className="dim">{taken.result}</span>
              </li>
            ))}
          </ul>
        )}
        <Link to="/messages/routes">All routes and their ledger</Link>
      </DrawerPart>
    </Drawer>
  )
}

/** A payload in the view that suits it, with the others one key away. */
export function Payload({
  payload,
  encoding,
  cut = false,
}: {
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
  readonly cut?: boolean
}) {
  const json = encoding === 'utf8' ? prettyJson(payload) : null
  const [chosen, setChosen] = useState<'json' | 'text' | 'hex' | null>(null)
  const fitting = json !== null ? 'json' : encoding === 'hex' ? 'hex' : 'text'
  const view = chosen === null || (chosen === 'json' && json === null) ? fitting : chosen
  const shown = view === 'json' && json !== null ? json : view === 'hex' ? hexDump(payload, encoding) : payload
  return (
    <>
      <div className={styles.views}>
        <SegmentedControl
          aria-label="Show the payload as"
          value={view}
          onChange={(value) => setChosen(value === 'json' || value === 'hex' ? value : 'text')}
          data={[
            { value: 'json', label: 'JSON', disabled: json === null },
            { value: 'text', label: 'Text', disabled: encoding === 'hex' },
            { value: 'hex', label: 'Hex' },
          ]}
        />
        <CopyButton text={payload} what="payload" />
      </div>
      <pre className={styles.payload}>{shown === '' ? '(empty)' : shown}</pre>
      {cut && <p className="dim">Only the first 16 kB are shown.</p>}
    </>
  )
}
