import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { ShownMessage, StoredMessage } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes } from '../../components/figures.ts'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { MessageTrace } from '../routes/message-trace.tsx'
import { PassportPart } from '../routes/passport-part.tsx'
import styles from './message-drawer.module.css'
import { Payload } from './payload.tsx'
import { PropertiesPart } from './properties-part.tsx'
import { RouteResults } from './route-results.tsx'
import { isWhole, storedOf } from './stored-of.ts'

/** One message in full: its payload as JSON, text or bytes, and the routes that it took. */
export function MessageDrawer({
  message,
  previous,
  onClose,
  onFilter,
  onClient,
}: {
  readonly message: ShownMessage
  /** The one before it on the same topic, when it is known. */
  readonly previous: ShownMessage | null
  readonly onClose: () => void
  readonly onFilter: (filter: string) => void
  readonly onClient: (client: string) => void
}) {
  const { client } = message
  const { whole, problem, busy, fetch } = useWhole(message)
  const payload = whole ?? message
  const whatCame = stored(message)
  return (
    <Drawer title={<code>{message.topic}</code>} label="Message" onClose={onClose}>
      <Facts
        facts={[
          ['received', <Time key="at" at={message.at} precise />],
          ['size', `${bytes(message.bytes)}${payload.cut ? ', cut here' : ''}`],
          ['QoS', `${message.qos}${message.retain ? ', retained' : ''}`],
          ...(message.broker === undefined ? [] : [['broker', message.broker] as const]),
          ...(client === undefined
            ? []
            : [['client', <Client key="client" id={client} user={message.user} />] as const]),
          ['number', message.n],
        ]}
      />
      <div className={styles.ways}>
        <Button onClick={() => onFilter(message.topic)}>Only this topic</Button>
        {client !== undefined && <Button onClick={() => onClient(client)}>Only this client</Button>}
        <CopyButton text={message.topic} what="topic" />
      </div>
      <DrawerPart title="Payload">
        <Payload
          payload={payload.payload}
          encoding={payload.encoding}
          previous={previous && previous.encoding === 'utf8' && !previous.cut ? previous : null}
        />
        {payload.cut && (
          <p className="dim" role="status">
            {whole ? `Only the first 4 MiB are kept.` : `Only the first 16 kB of ${bytes(message.bytes)} are shown.`}{' '}
            {!whole && (
              <Button size="compact-xs" disabled={busy} onClick={() => void fetch()}>
                {busy ? 'Fetching all of it' : 'Show all of it'}
              </Button>
            )}
            {problem && ` ${problem.message} ${problem.remedy}`}
          </p>
        )}
      </DrawerPart>
      <PropertiesPart properties={message.properties} />
      <DrawerPart title="Routes">
        {message.routes.length === 0 ? (
          <p className="dim">No route matches this topic.</p>
        ) : (
          <ul className={styles.routes}>
            {message.routes.map((taken) => (
              <li key={taken.route}>
                <RouteResults routes={[taken]} named />
              </li>
            ))}
          </ul>
        )}
        <Link to="/messages/routes">All routes and their ledger</Link>
      </DrawerPart>
      {message.routes.length > 0 && (
        <DrawerPart title="What became of it">
          <MessageTrace at={message.at} topic={message.topic} message={stored(message)} />
        </DrawerPart>
      )}
      {message.routes.length > 0 && whatCame !== null && (
        <DrawerPart title="Passport">
          <p className="dim">Each stage of these routes, as they are written now.</p>
          <PassportPart key={message.n} message={whatCame} />
        </DrawerPart>
      )}
    </Drawer>
  )
}

/** Who published a message. */
function Client({ id, user }: { readonly id: string; readonly user: string | undefined }) {
  return (
    <>
      <code>{id}</code>
      {user !== undefined && `, logged in as ${user}`}
    </>
  )
}

/** The payload of a message that was cut, once it was asked for. */
function useWhole(message: ShownMessage) {
  const { link } = usePage()
  const [whole, setWhole] = useState<Pick<ShownMessage, 'payload' | 'encoding' | 'cut'> | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const fetch = async () => {
    setBusy(true)
    setProblem(null)
    try {
      setWhole(await link.calls.messages.payload({ n: message.n, at: message.at }))
    } catch (error) {
      setProblem(toConsoleError(error).problem)
    }
    setBusy(false)
  }
  return { whole, problem, busy, fetch }
}

/** The message as it can be taken through routes; null where it is not known whole. */
function stored(message: ShownMessage): StoredMessage | null {
  return isWhole(message) ? storedOf(message) : null
}
