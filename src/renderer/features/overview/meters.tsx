import { Link } from 'react-router'
import { bytes, count, duration, percent, perSecond } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import { Age } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { newestCopyAt, storeLimit, storeStateMark, storeStateWords } from '../diagnose/store-words.ts'
import { Why } from '../why/why.tsx'
import styles from './meters.module.css'

/** CPU, memory, disk and temperature of this machine. */
export function MachinePanel() {
  const machine = useEntity('machine', 'machine')
  return (
    <Panel
      title="Machine"
      aside={
        <>
          {machine?.temperature != null && `${Math.round(machine.temperature)} °C `}
          <Why subject="machine" />
        </>
      }
      content={
        machine ? { state: 'ready' } : { state: 'loading', waitsFor: 'Waiting for the first figures of this machine.' }
      }
    >
      {machine && (
        <>
          <Meter
            name="CPU"
            value={percent(machine.cpu.percent)}
            history={machine.cpu.history}
            top={100}
            note={`${machine.cpu.cores} cores`}
          />
          <Meter
            name="Memory"
            value={bytes(machine.memory.used)}
            history={machine.memory.history}
            top={machine.memory.total}
            note={`of ${bytes(machine.memory.total)}`}
          />
          {machine.disk && (
            <p className={styles.line}>
              <span className="dim">Disk</span>
              <span title={machine.disk.path}>
                {bytes(machine.disk.free)} <span className="dim">free of {bytes(machine.disk.total)}</span>
              </span>
            </p>
          )}
        </>
      )}
    </Panel>
  )
}

/** What passes through the broker and the router. */
export function MessagesPanel() {
  const traffic = useEntity('traffic', 'traffic')
  return (
    <Panel
      title="Messages"
      aside={<Link to="/messages">Live</Link>}
      content={traffic ? { state: 'ready' } : { state: 'loading', waitsFor: 'Waiting for the figures of the router.' }}
    >
      {traffic && (
        <>
          <Meter
            name="Received"
            value={perSecond(traffic.received.perSecond)}
            history={traffic.received.history}
            note=""
          />
          <p className={styles.line}>
            <span className="dim">In all</span>
            <span>{count(traffic.received.total)}</span>
          </p>
          <p className={styles.line}>
            <span className="dim">
              Broker <Why subject="broker" about="broker and router" />
            </span>
            <span>{traffic.broker.state}</span>
          </p>
          <p className={styles.line}>
            <span className="dim">Clients</span>
            <span>{traffic.broker.state === 'running' ? count(traffic.broker.clients) : '–'}</span>
          </p>
          <p className={styles.line}>
            <span className="dim">Quarantined</span>
            <Link to="/messages/quarantine">{count(traffic.quarantined)}</Link>
          </p>
        </>
      )}
    </Panel>
  )
}

/** The console's own store. */
export function StorePanel() {
  const store = useEntity('store', 'store')
  const limit = store ? storeLimit(store) : 0
  const copiedAt = store ? newestCopyAt(store) : null
  return (
    <Panel
      title="Store"
      aside={
        <>
          <Why subject="store" /> <Link to="/diagnose">Diagnose</Link>
        </>
      }
      content={store ? { state: 'ready' } : { state: 'loading', waitsFor: 'Waiting for the figures of the store.' }}
    >
      {store && (
        <>
          {store.state !== 'open' && (
            <p className={styles.trouble} title={store.note ?? undefined}>
              <HealthMark health={storeStateMark[store.state]} label="" />{' '}
              <strong>{storeStateWords[store.state]}</strong> since <Age at={store.since} plain />
              {store.note !== null && `: ${store.note}`}
            </p>
          )}
          <p className={styles.line}>
            <span className="dim">Size</span>
            <span>
              {bytes(store.bytes)} {limit > 0 && <span className="dim">of {bytes(limit)}</span>}
            </span>
          </p>
          <p className={styles.line}>
            <span className="dim">Commit</span>
            <span title="Half of all commits take at most the first; 99 of 100 at most the second.">
              {store.commits === 0 ? (
                <span className="dim">none yet</span>
              ) : (
                <>
                  {duration(store.commitP50)} <span className="dim">to {duration(store.commitP99)}</span>
                </>
              )}
            </span>
          </p>
          <p className={styles.line}>
            <span className="dim">Queued</span>
            <span>
              {count(store.queueDepth)} <span className="dim">of {count(store.queueBound)}</span>
            </span>
          </p>
          <p className={styles.line}>
            <span className="dim">Last copy</span>
            <span>{copiedAt === null ? <span className="dim">none yet</span> : <Age at={copiedAt} />}</span>
          </p>
        </>
      )}
    </Panel>
  )
}

function Meter({
  name,
  value,
  history,
  top,
  note,
}: {
  readonly name: string
  readonly value: string
  readonly history: readonly number[]
  readonly top?: number
  readonly note: string
}) {
  return (
    <div className={styles.meter}>
      <p className={styles.line}>
        <span className="dim">{name}</span>
        <span>
          <strong>{value}</strong> <span className="dim">{note}</span>
        </span>
      </p>
      <Sparkline
        values={history}
        label={`${name} over the last two minutes, now ${value}`}
        {...(top !== undefined && { top })}
      />
    </div>
  )
}
