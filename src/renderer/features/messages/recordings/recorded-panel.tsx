import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { RecordedRow, RecordingView } from '#shared/contract/index.ts'
import { Facts } from '../../../components/drawer.tsx'
import { bytes, counted } from '../../../components/figures.ts'
import { PanelBody } from '../../../components/panel.tsx'
import { Time } from '../../../components/time.tsx'
import { VirtualList } from '../../../components/virtual-list.tsx'
import { usePage } from '../../../state/page-context.ts'
import { Payload } from '../payload.tsx'
import { PropertiesPart } from '../properties-part.tsx'
import { filterMistake } from '../topic-filter.ts'
import styles from './recordings.module.css'

const pageSize = 300

/** What a recording holds, page by page, narrowed by topic, text and time: the console looks through all of it. */
export function RecordedPanel({ recording }: { readonly recording: RecordingView }) {
  const { link } = usePage()
  const [filter, setFilter] = useState('#')
  const [text, setText] = useState('')
  const [from, setFrom] = useState('')
  const [settled] = useDebouncedValue({ filter, text, from }, 300)
  const [chosen, setChosen] = useState<RecordedRow | null>(null)
  const mistake = filterMistake(filter)
  const asked = filterMistake(settled.filter) === null ? settled.filter : '#'
  const since = settled.from === '' ? undefined : new Date(settled.from).getTime()
  const query = useInfiniteQuery({
    queryKey: ['recorded', recording.id, recording.state, asked, settled.text, settled.from],
    initialPageParam: 0,
    queryFn: ({ pageParam }: { pageParam: number }) =>
      link.calls.recordings.page({
        recording: recording.id,
        after: pageParam,
        filter: asked,
        text: settled.text,
        ...(since !== undefined && Number.isFinite(since) && { from: since }),
        limit: pageSize,
      }),
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  })
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <section className={styles.panel} aria-label={`Messages of ${recording.name}`}>
      <div className={styles.head}>
        <h2>{recording.name}</h2>
        <TextInput
          aria-label="Topic filter in the recording"
          classNames={{ input: 'mono' }}
          w={200}
          value={filter}
          error={mistake}
          onChange={(event) => setFilter(event.currentTarget.value)}
          spellCheck={false}
        />
        <TextInput
          aria-label="Text in topic or payload of the recording"
          placeholder="Text in topic or payload"
          leftSection={<IconSearch size={14} />}
          w={200}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <TextInput
          aria-label="From this time on, of this PC"
          type="datetime-local"
          step={1}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        {recording.why !== null && <span className="dim">{recording.why}</span>}
      </div>
      <div className={styles.frame}>
        <PanelBody
          content={
            query.error
              ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
              : query.isPending
                ? { state: 'loading', waitsFor: 'Waiting for the messages.' }
                : rows.length === 0
                  ? {
                      state: 'empty',
                      sentence: query.hasNextPage
                        ? 'Nothing was found so far. Look further to go on.'
                        : 'No message of the recording matches.',
                    }
                  : { state: 'ready' }
          }
        >
          <VirtualList
            rows={rows}
            rowKey={(row) => row.seq}
            label="Recorded messages, oldest first"
            selected={chosen?.seq}
            onSelect={setChosen}
          >
            {(row) => (
              <div className={styles.row}>
                <span className="dim">
                  <Time at={row.at} precise />
                </span>
                <code title={row.topic}>{row.topic}</code>
                <code className="dim">{row.payload.slice(0, 300)}</code>
                <span className="dim">
                  {row.retain && <abbr title="retained">R</abbr>} {bytes(row.bytes)}
                </span>
              </div>
            )}
          </VirtualList>
        </PanelBody>
      </div>
      <div className={styles.foot}>
        {query.hasNextPage && (
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {rows.length === 0 ? 'Look further' : 'More'}
          </Button>
        )}
        <span className="dim" role="status">
          {counted(rows.length, 'message')} listed
        </span>
      </div>
      {chosen && (
        <div className={styles.detail}>
          <Facts
            facts={[
              ['Topic', <code key="topic">{chosen.topic}</code>],
              ...(chosen.broker === undefined ? [] : [['Broker', chosen.broker] as const]),
              ...(chosen.client === undefined ? [] : [['Client', <code key="client">{chosen.client}</code>] as const]),
            ]}
          />
          <Payload payload={chosen.payload} encoding={chosen.encoding} />
          <PropertiesPart properties={chosen.properties} />
        </div>
      )}
    </section>
  )
}
