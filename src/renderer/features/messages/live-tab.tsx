import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { memo, useCallback, useEffect, useRef, useState } from 'react'
import type { ShownMessage } from '#shared/contract/index.ts'
import { exportText } from '../../components/export-text.ts'
import { bytes, count, counted } from '../../components/figures.ts'
import { useFollow } from '../../components/follow.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './live-tab.module.css'
import { LiveTools } from './live-tools.tsx'
import { MessageDrawer } from './message-drawer.tsx'
import { RouteResults } from './route-results.tsx'
import { TopicTree } from './topic-tree.tsx'
import { ringSize, useTap } from './use-tap.ts'

/** Messages as they pass, newest at the foot. Held still as soon as the reader scrolls up or pauses; what comes is counted. */
export function LiveTab({
  filter,
  client: firstClient,
  onFilter,
}: {
  readonly filter: string
  /** The client that the list begins with; empty: all. */
  readonly client: string
  readonly onFilter: (filter: string) => void
}) {
  const [text, setText] = useState('')
  const [settledText] = useDebouncedValue(text, 250)
  const [client, setClient] = useState(firstClient)
  const [settledClient] = useDebouncedValue(client.trim(), 250)
  const [paused, setPaused] = useState(false)
  const [chosen, setChosen] = useState<ShownMessage | null>(null)
  const [route, setRoute] = useState<string | null>(null)
  const [tree, setTree] = useState(true)
  const { tap, problem, clear } = useTap(filter, settledText, route, settledClient)
  const { following, follow, hold, atDistance } = useFollow()
  const list = useRef<VirtualListHandle>(null)
  const held = useRef(tap)
  const live = following && !paused
  if (live || tap.received < held.current.received) held.current = tap
  const shown = held.current
  const fresh = tap.received - shown.received
  const closeTree = useCallback(() => setTree(false), [])
  const exportShown = useCallback(
    () =>
      exportText(
        'messages.ndjson',
        held.current.messages.map((message) => JSON.stringify(message)).join('\n'),
        'application/x-ndjson',
      ),
    [],
  )

  useEffect(() => {
    if (live && shown.messages.length > 0) list.current?.toEnd()
  }, [live, shown.messages])

  return (
    <PageFrame
      title="Live"
      note={<ZoneNote />}
      tools={
        <>
          <LiveTools
            filter={filter}
            onFilter={onFilter}
            text={text}
            onText={setText}
            route={route}
            onRoute={setRoute}
            client={client}
            onClient={setClient}
            paused={paused}
            onPaused={setPaused}
            tree={tree}
            onTree={setTree}
            onClear={clear}
            onExport={exportShown}
          />
          <span className="dim" role="status">
            {counted(tap.received, 'message')}
            {tap.skipped > 0 && `, ${count(tap.skipped)} not shown: they came too fast. Narrow the filter to see all`}
          </span>
        </>
      }
      drawer={
        chosen && (
          <MessageDrawer
            key={chosen.n}
            message={chosen}
            previous={previousOf(chosen, shown.messages)}
            onClose={() => setChosen(null)}
            onFilter={onFilter}
            onClient={setClient}
          />
        )
      }
    >
      <div className={styles.halves}>
        {tree && <Topics filter={filter} onFilter={onFilter} onClose={closeTree} />}
        <div className={styles.frame}>
          <PanelBody
            content={
              problem
                ? { state: 'failed', problem }
                : shown.messages.length === 0
                  ? {
                      state: 'empty',
                      sentence: <NoMessages filter={filter} text={settledText} route={route} client={settledClient} />,
                    }
                  : { state: 'ready' }
            }
          >
            <div className={styles.names} aria-hidden="true">
              <span>Time</span>
              <span>Topic</span>
              <span>Payload</span>
              <span>Routes</span>
              <span>Size</span>
            </div>
            <VirtualList
              rows={shown.messages}
              rowKey={(message) => message.n}
              label="Messages, newest last"
              // While it follows nobody scrolls, and every row is drawn anew ten times a second.
              beyond={live ? 1 : 12}
              selected={chosen?.n}
              onSelect={(message) => {
                setChosen(message)
                hold()
              }}
              handle={list}
              onScrolled={({ fromEnd }) => atDistance(fromEnd)}
            >
              {(message) => <MessageRow message={message} />}
            </VirtualList>
          </PanelBody>
          {!live && shown.messages.length > 0 && (
            <Button
              className={`${styles.fresh}`}
              size="compact-xs"
              variant="filled"
              onClick={() => {
                setPaused(false)
                follow()
                list.current?.toEnd()
              }}
            >
              {fresh > 0 ? `${count(fresh)} new` : 'Follow'} ↓
            </Button>
          )}
        </div>
      </div>
      {tap.received > ringSize && (
        <p className={styles.foot}>The newest {count(ringSize)} are kept here; routes with a journal keep them all.</p>
      )}
    </PageFrame>
  )
}

/** Lists itself, at its own pace. */
const Topics = memo(TopicTree)

const MessageRow = memo(function MessageRow({ message }: { readonly message: ShownMessage }) {
  return (
    <div className={styles.row}>
      <span className={styles.at}>
        <Time at={message.at} precise />
      </span>
      <code className={styles.topic} title={message.topic}>
        {message.topic}
      </code>
      <code className={styles.payload}>{message.payload.slice(0, 300)}</code>
      <span className={styles.routes}>
        <RouteResults routes={message.routes} />
      </span>
      <span className={styles.size}>
        {message.retain && <abbr title="retained">R</abbr>} {bytes(message.bytes)}
      </span>
    </div>
  )
})

/** The newest of the listed messages that came on the same topic before. */
function previousOf(message: ShownMessage, listed: readonly ShownMessage[]): ShownMessage | null {
  return listed.findLast(({ n, topic }) => n < message.n && topic === message.topic) ?? null
}

function NoMessages({
  filter,
  text,
  route,
  client,
}: {
  readonly filter: string
  readonly text: string
  readonly route: string | null
  readonly client: string
}) {
  const traffic = useEntity('traffic', 'traffic')
  if (traffic && traffic.router !== 'connected') {
    return (
      <>
        The router is {traffic.router === 'off' ? 'off' : traffic.router}; messages appear here once it is connected to
        the broker.
      </>
    )
  }
  return (
    <>
      No message on <code>{filter}</code>
      {text !== '' && ` with “${text}”`}
      {route !== null && ` through the route ${route}`}
      {client !== '' && ` from the client ${client}`} since this page was opened. They appear here as they pass.
      {client !== '' && ' Who published is known only of what clients of the embedded broker publish.'}
    </>
  )
}
