import { Button, Tabs } from '@mantine/core'
import { useSearchParams } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { Drawer } from '../../components/drawer.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useActions } from '../actions/asking.ts'
import { UsesPart } from '../dependencies/uses-part.tsx'
import { SubjectHistory } from '../timeline/subject-history.tsx'
import { Why } from '../why/why.tsx'
import { Contact } from './contact.tsx'
import { DatabasePart } from './database-part.tsx'
import { LogTab } from './log-tab.tsx'
import { ProcessPart } from './process-part.tsx'
import { PushedPart } from './pushed-part.tsx'
import styles from './service-drawer.module.css'
import { ServiceFacts } from './service-facts.tsx'
import { ServiceWays } from './service-ways.tsx'
import { serviceStateWords } from './state-words.ts'
import { UnitPart } from './unit-part.tsx'

/** One service: its state and why, what may be done, its probes, log and history. `?tab=` keeps the part in the address. */
export function ServiceDrawer({
  id,
  service,
  onClose,
}: {
  readonly id: string
  readonly service: ServiceView | undefined
  readonly onClose: () => void
}) {
  const [params, setParams] = useSearchParams()
  const tab = params.get('tab') ?? 'state'
  if (!service) {
    return (
      <Drawer title={id} label={`Service ${id}`} onClose={onClose}>
        <p>
          This site has no service named {id}. It may have been taken out of site.yaml; its history is on the Timeline.
        </p>
      </Drawer>
    )
  }
  const troubled = service.health === 'unhealthy' || service.health === 'degraded' || service.state === 'failed'
  return (
    <Drawer
      label={`Service ${id}`}
      onClose={onClose}
      title={
        <>
          <HealthMark health={service.health} size={14} /> {service.title}
        </>
      }
    >
      <p className={styles.state}>
        {serviceStateWords[service.state]}, {service.health} since <Time at={service.since} />{' '}
        <span className="dim">
          (<Age at={service.since} />)
        </span>
      </p>
      <p className={styles.reason}>
        <Sentence text={service.reason} /> <Why subject={`service:${id}`} about={id} />
      </p>
      {service.nextStartAt !== null && service.state === 'backing-off' && (
        <p className={styles.reason}>
          Attempt {service.attempt + 1} at <Time at={service.nextStartAt} />.
        </p>
      )}
      {troubled && <Contact />}
      <ServiceActions service={service} />
      <Tabs
        value={tab}
        onChange={(value) => setParams(value === null || value === 'state' ? {} : { tab: value }, { replace: true })}
        keepMounted={false}
        className={`${styles.tabs}`}
      >
        <Tabs.List>
          <Tabs.Tab value="state">State</Tabs.Tab>
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="state">
          <DatabasePart id={id} />
          {service.unit && <UnitPart id={service.id} unit={service.unit} />}
          <UsesPart uses={service.uses} />
          <PushedPart id={id} />
          <ServiceWays service={service} />
          <ServiceFacts service={service} />
          <ProcessPart service={service} />
        </Tabs.Panel>
        <Tabs.Panel value="log" className={`${styles.fill}`}>
          <LogTab service={id} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <SubjectHistory subject={`service:${id}`} />
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  )
}

function ServiceActions({ service }: { readonly service: ServiceView }) {
  const { ask } = useActions()
  if (service.kind === 'external' || service.state === 'external') {
    const who = service.unit ? `systemd runs this service as ${service.unit.name}` : 'Somebody else runs this service'
    return <p className="dim">{who}; the console only watches it.</p>
  }
  const down = service.state === 'stopped' || service.state === 'failed' || service.state === 'completed'
  const waits = service.state === 'backing-off' || service.state === 'waiting'
  return (
    <div className={styles.actions}>
      <Button
        {...(down && { variant: 'filled' })}
        disabled={!down && !waits}
        onClick={() => ask({ type: 'services', action: 'start', service: service.id })}
      >
        Start
      </Button>
      {/* Stopping stays possible in every state: the one thing that must never be refused. */}
      <Button onClick={() => ask({ type: 'services', action: 'stop', service: service.id })}>Stop</Button>
      <Button onClick={() => ask({ type: 'services', action: 'restart', service: service.id })}>Restart</Button>
    </div>
  )
}
