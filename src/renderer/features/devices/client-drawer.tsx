import { Link } from 'react-router'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { ago, count, counted, perSecond } from '../../components/figures.ts'
import { Time } from '../../components/time.tsx'
import plain from '../messages/plain-button.module.css'
import type { ClientRow } from './client-rows.ts'
import styles from './devices.module.css'

/** One client in full: what it listens to, its last will, what passes. */
export function ClientDrawer({
  client,
  onClose,
  onWatch,
}: {
  readonly client: ClientRow
  readonly onClose: () => void
  readonly onWatch: (filter: string) => void
}) {
  const { will, subscriptions, moreSubscriptions } = client
  return (
    <Drawer title={<code>{client.id}</code>} label="Device" onClose={onClose}>
      <Facts
        facts={[
          ['address', client.address ?? 'not known'],
          ['connected since', <Time key="since" at={client.since} />],
          ['last heard', ago(client.silentMs)],
          ['from it', `${counted(client.received, 'message')}, ${perSecond(client.inRate)}`],
          ['to it', `${counted(client.sent, 'message')}, ${perSecond(client.outRate)}`],
        ]}
      />
      <DrawerPart title="Listens to">
        {subscriptions.length === 0 ? (
          <p className="dim">It has subscribed to nothing.</p>
        ) : (
          <ul className={styles.filters} aria-label="Subscriptions">
            {subscriptions.map(({ filter, qos }) => (
              <li key={filter}>
                <button type="button" className={plain.plain} title="Watch live" onClick={() => onWatch(filter)}>
                  <code>{filter}</code>
                </button>{' '}
                <span className="dim">QoS {qos}</span>
              </li>
            ))}
            {moreSubscriptions > 0 && <li className="dim">{count(moreSubscriptions)} more</li>}
          </ul>
        )}
      </DrawerPart>
      <DrawerPart title="Last will">
        {will === null ? (
          <p className="dim">It named none: when it goes without a word nobody is told.</p>
        ) : (
          <p className={styles.whole}>
            When it goes without a word, <code>{will.payload === '' ? '(empty)' : will.payload}</code> is published to{' '}
            <button type="button" className={plain.plain} title="Watch live" onClick={() => onWatch(will.topic)}>
              <code>{will.topic}</code>
            </button>
            , QoS {will.qos}
            {will.retain && ', retained'}. <CopyButton text={will.topic} what="topic of the last will" />
          </p>
        )}
      </DrawerPart>
      <DrawerPart title="Messages">
        <p>
          <Link to={`/messages?client=${encodeURIComponent(client.id)}`}>Watch what it publishes</Link>
        </p>
        <CommandLine command={`wheelhouse messages --client '${client.id.replaceAll("'", "'\\''")}'`} />
      </DrawerPart>
      <CommandLine command="wheelhouse devices" />
    </Drawer>
  )
}
