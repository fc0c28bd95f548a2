import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { MessageTraceView, StoredMessage } from '#shared/contract/index.ts'
import { targetInWords } from '#shared/outbox-words.ts'
import { stageWords } from '#shared/stage-words.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { counted } from '../../components/figures.ts'
import { HealthMark, type Mark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { Why } from '../why/why.tsx'
import styles from './passport-part.module.css'
import { PassportStages } from './passport-part.tsx'

const markOfResult: Readonly<Record<MessageTraceView['routes'][number]['result'], Mark>> = {
  delivered: 'healthy',
  queued: 'healthy',
  held: 'unknown',
  filtered: 'unknown',
  limited: 'unknown',
  quarantined: 'unhealthy',
  dropped: 'unhealthy',
}

const markOfState: Readonly<Record<MessageTraceView['deliveries'][number]['state'], Mark>> = {
  delivered: 'healthy',
  waiting: 'degraded',
  quarantined: 'unhealthy',
  expired: 'unhealthy',
  merged: 'unknown',
  dropped: 'unhealthy',
}

/** What really became of a message: its routes as they were then, each delivery, and where it lies now. */
export function MessageTrace({
  at,
  topic,
  message,
}: {
  readonly at: number
  readonly topic: string
  /** The message as it came; null where only what a route made of it is known. */
  readonly message: StoredMessage | null
}) {
  const { link } = usePage()
  const { data, error, refetch } = useQuery({
    queryKey: ['trace', at, topic],
    queryFn: () => link.calls.routes.trace({ at, topic, message }),
    refetchInterval: ({ state }) => (state.data?.deliveries.some((one) => one.state === 'waiting') ? 2_000 : false),
  })
  if (error) {
    return (
      <PanelBody content={{ state: 'failed', problem: toConsoleError(error).problem, retry: () => void refetch() }} />
    )
  }
  if (!data) return <PanelBody content={{ state: 'loading', waitsFor: 'Asking the router and the store.' }} />
  return (
    <>
      <Known trace={data} at={at} />
      <Publisher routes={data.routes} />
      <ol className={styles.passport} aria-label="What became of it">
        {data.routes.map((route) => (
          <li key={route.n}>
            <HealthMark health={markOfResult[route.result]} label={route.result} size={10} />{' '}
            <strong>{route.route}</strong>{' '}
            <span className="dim">
              {route.result}
              {route.stage !== null && ` at ${stageWords[route.stage].title}`}
            </span>
            {route.changed && <span className="dim"> (the route is written otherwise now)</span>}
            {route.reason !== null && <p className={styles.reason}>{route.reason}</p>}
            {route.passport !== null && <PassportStages route={route.passport} />}
          </li>
        ))}
      </ol>
      {data.deliveries.length > 0 && (
        <ol className={styles.passport} aria-label="Deliveries">
          {data.deliveries.map((one) => (
            <li key={one.id}>
              <HealthMark health={markOfState[one.state]} label={one.state} size={10} />{' '}
              <code>{targetInWords(one.target)}</code>{' '}
              <span className="dim">
                {one.state === 'delivered' ? 'acknowledged' : one.state}
                {one.endedAt !== null && (
                  <>
                    {' '}
                    <Time at={one.endedAt} precise />
                  </>
                )}
                , of route {one.route}
                {one.failed > 0 && `, after ${counted(one.failed, 'failed attempt')}`}
              </span>
              {one.why !== null && <p className={styles.reason}>{one.why}</p>}
              <p className="dim">
                {one.state === 'waiting' && <Link to="/messages/outbox">in the outbox</Link>} number {one.seq}, id{' '}
                <code>{one.id}</code>{' '}
                {one.state !== 'delivered' && <Why subject={`route:${one.route}`} about={one.route} />}
              </p>
            </li>
          ))}
        </ol>
      )}
      {data.quarantine.map(({ id, route, target, reason }) => (
        <p key={id}>
          <Link to="/messages/quarantine">In quarantine</Link> as number {id} of route {route}
          {target !== null && (
            <>
              , refused by <code>{targetInWords(target)}</code>
            </>
          )}
          : {reason}
        </p>
      ))}
      {data.journal.map(({ seq, route }) => (
        <p key={seq} className="dim">
          In the <Link to="/messages/journal">journal</Link> of route {route}, number {seq}.
        </p>
      ))}
      <CommandLine command={`wheelhouse message '${topic.replaceAll("'", "'\\''")}' ${at}`} />
    </>
  )
}

/** Who published what came at that moment, where that is known. */
function Publisher({ routes }: { readonly routes: MessageTraceView['routes'] }) {
  const names = routes.flatMap(({ client, user }) =>
    client === null ? [] : [`${client}${user === null ? '' : `, logged in as ${user}`}`],
  )
  const known = [...new Set(names)]
  return known.length === 0 ? null : <p className="dim">Published by client {known.join('; ')}.</p>
}

/** What is no longer known, and what cannot be told apart. */
function Known({ trace, at }: { readonly trace: MessageTraceView; readonly at: number }) {
  const times = Math.max(
    0,
    ...trace.routes.map(({ route }) => trace.routes.filter((one) => one.route === route).length),
  )
  if (trace.routes.length === 0 && trace.since !== null && at < trace.since) {
    return (
      <p className="dim">
        What the routes did with it is no longer known: the router remembers its newest messages, since{' '}
        <Time at={trace.since} precise />. What the store still holds of it stands below.
      </p>
    )
  }
  if (trace.routes.length === 0) {
    return (
      <p className="dim">
        No route took it in since the router was started. What came before that is only known from the store.
      </p>
    )
  }
  return times > 1 ? (
    <p className="dim">{times} messages came on this topic in this millisecond, and cannot be told apart here.</p>
  ) : null
}
