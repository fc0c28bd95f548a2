import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconDownload, IconListTree, IconPlayerPause, IconPlayerPlay, IconSearch, IconTrash } from '@tabler/icons-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { ShownMessage } from '#shared/contract/index.ts'
import { exportText } from '../../components/export-text.ts'
import { bytes, count, counted } from '../../components/figures.ts'
import { useFollow } from '../../components/follow.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { ClientField } from './client-field.tsx'
import styles from './live-tab.module.css'
import { MessageDrawer } from './message-drawer.tsx'
import { RouteChoice } from './route-choice.tsx'
import { RouteResults } from './route-results.tsx'
import { filterMistake } from './topic-filter.ts'
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
  const [typed, setTyped] = useState(filter)
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
  const mistake = filterMistake(typed)

  useEffect(() => setTyped(filter), [filter])
  useEffect(() => {
    if (live && shown.messages.length > 0) list.current?.toEnd()
  }, [live, shown.messages])

  return (
    <PageFrame
      title="Live"
      note={<ZoneNote />}
      tools={
        <>
          {!tree && (
            <Button leftSection={<IconListTree size={14} />} onClick={() => setTree(true)}>
              Topics
            </Button>
          )}
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (mistake === null) onFilter(typed)
            }}
          >
            <TextInput
              aria-label="Topic filter"
              placeholder="Topic filter, # for all"
              w={230}
              classNames={{ input: 'mono' }}
              value={typed}
              error={mistake}
              onChange={(event) => setTyped(event.currentTarget.value)}
              onBlur={() => {
                if (mistake === null && typed !== filter) onFilter(typed)
              }}
              spellCheck={false}
            />
          </form>
          <TextInput
            aria-label="Text in topic or payload"
            placeholder="Text in topic or payload"
            leftSection={<IconSearch size={14} />}
            w={210}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <RouteChoice value={route} onChange={setRoute} />
          <ClientField value={client} onChange={setClient} />
          <Button
            leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
            aria-pressed={paused}
            onClick={() => setPaused(!paused)}
          >
            {paused ? 'Go on' : 'Pause'}
          </Button>
          <Tooltip label="Forget what is listed here">
            <ActionIcon aria-label="Clear the list" onClick={clear}>
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Save these messages as a file">
            <ActionIcon
              aria-label="Export messages"
              onClick={() =>
                exportText(
                  'messages.ndjson',
                  shown.messages.map((message) => JSON.stringify(message)).join('\n'),
                  'application/x-ndjson',
                )
              }
            >
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
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
        {tree && <TopicTree filter={filter} onFilter={onFilter} onClose={() => setTree(false)} />}
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
