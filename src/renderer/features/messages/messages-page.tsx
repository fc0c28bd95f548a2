import { Tabs } from '@mantine/core'
import { useCallback } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { count, counted } from '../../components/figures.ts'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import { JournalTab } from './journal-tab.tsx'
import { LiveTab } from './live-tab.tsx'
import styles from './messages-page.module.css'
import { OutboxTab } from './outbox-tab.tsx'
import { PublishTab } from './publish-tab.tsx'
import { QuarantineTab } from './quarantine-tab.tsx'
import { RecordingsTab } from './recordings/recordings-tab.tsx'
import { RoutesTab } from './routes-tab.tsx'
import { TopicsTab } from './topics-tab.tsx'

/** What passes through the broker and the router: live, by topic, by route, and what could not be routed. */
export default function MessagesPage() {
  const { tab = 'live' } = useParams()
  const navigate = useNavigate()
  const [params] = useSearchParams()
  const watch = useCallback(
    (filter: string) => void navigate(`/messages?filter=${encodeURIComponent(filter)}`),
    [navigate],
  )
  return (
    <div className={styles.page}>
      <h1 className="unseen">Messages</h1>
      <Tabs
        value={tab}
        onChange={(value) => void navigate(value === null || value === 'live' ? '/messages' : `/messages/${value}`)}
        keepMounted={false}
        className={`${styles.tabs}`}
      >
        <Tabs.List>
          <Tabs.Tab value="live">Live</Tabs.Tab>
          <Tabs.Tab value="topics">
            Topics <TopicCount />
          </Tabs.Tab>
          <Tabs.Tab value="routes">Routes</Tabs.Tab>
          <Tabs.Tab value="outbox">Outbox</Tabs.Tab>
          <Tabs.Tab value="quarantine">
            Quarantine <QuarantineCount />
          </Tabs.Tab>
          <Tabs.Tab value="journal">Journal</Tabs.Tab>
          <Tabs.Tab value="recordings">Recordings</Tabs.Tab>
          <Tabs.Tab value="publish">Publish</Tabs.Tab>
          <BrokerNote />
        </Tabs.List>
        <Tabs.Panel value="live" className={`${styles.panel}`}>
          <LiveTab filter={params.get('filter') ?? '#'} client={params.get('client') ?? ''} onFilter={watch} />
        </Tabs.Panel>
        <Tabs.Panel value="topics" className={`${styles.panel}`}>
          <TopicsTab onWatch={watch} />
        </Tabs.Panel>
        <Tabs.Panel value="routes" className={`${styles.panel}`}>
          <RoutesTab onWatch={watch} />
        </Tabs.Panel>
        <Tabs.Panel value="outbox" className={`${styles.panel}`}>
          <OutboxTab />
        </Tabs.Panel>
        <Tabs.Panel value="quarantine" className={`${styles.panel}`}>
          <QuarantineTab />
        </Tabs.Panel>
        <Tabs.Panel value="journal" className={`${styles.panel}`}>
          <JournalTab />
        </Tabs.Panel>
        <Tabs.Panel value="recordings" className={`${styles.panel}`}>
          <RecordingsTab filter={params.get('filter') ?? '#'} />
        </Tabs.Panel>
        <Tabs.Panel value="publish" className={`${styles.panel}`}>
          <PublishTab onWatch={watch} />
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

// Each follows the figures by itself: the page with its lists is not drawn anew with them.

function TopicCount() {
  const traffic = useEntity('traffic', 'traffic')
  return traffic && <Small value={traffic.topics.length + traffic.topicsHidden} />
}

function QuarantineCount() {
  const traffic = useEntity('traffic', 'traffic')
  return traffic && traffic.quarantined > 0 && <Small value={traffic.quarantined} />
}

function Small({ value }: { readonly value: number }) {
  return <span className={styles.small}>{count(value)}</span>
}

/** Where the broker is reached, at the end of the row of tabs. */
function BrokerNote() {
  const traffic = useEntity('traffic', 'traffic')
  const site = useEntity('site', 'site')
  if (!traffic) return null
  const address = traffic.broker.address ?? site?.broker?.addresses[0]
  return (
    <span className={styles.broker} title={site?.broker?.note}>
      Broker {traffic.broker.state}
      {address && (
        <>
          {' at '}
          <code>{address}</code>
        </>
      )}
      {traffic.broker.state === 'running' && `, ${counted(traffic.broker.clients, 'client')}`}; router{' '}
      {traffic.links.length > 1
        ? traffic.links.map(({ broker, address, state, lastError }, index) => (
            <span key={broker} title={lastError === null ? address : `${address}. Last trouble: ${lastError}`}>
              {index > 0 && ', '}
              {broker} <span className={state === 'connected' ? undefined : styles.away}>{state}</span>
            </span>
          ))
        : traffic.router}{' '}
      <Why subject="broker" about="broker and router" />
    </span>
  )
}
