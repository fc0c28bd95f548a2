import { ActionIcon, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { csv, exportText } from '../../components/export-text.ts'
import { count, counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time, ZoneNote } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './plain-button.module.css'

/** The topics that were seen, the busiest first. */
export function TopicsTab({ onWatch }: { readonly onWatch: (filter: string) => void }) {
  const traffic = useEntity('traffic', 'traffic')
  const [search, setSearch] = useState('')
  const all = traffic?.topics ?? []
  const rows = all
    .filter((entry) => entry.topic.toLowerCase().includes(search.trim().toLowerCase()))
    .toSorted((a, b) => b.count - a.count)
  return (
    <PageFrame
      title="Topics"
      note={<ZoneNote />}
      tools={
        <>
          <TextInput
            aria-label="Search topics"
            placeholder="Search topics"
            leftSection={<IconSearch size={14} />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Tooltip label="Save this list as a file">
            <ActionIcon
              aria-label="Export topics"
              onClick={() =>
                exportText(
                  'topics.csv',
                  csv(
                    ['topic', 'messages', 'last'],
                    rows.map((row) => [row.topic, row.count, new Date(row.at).toISOString()]),
                  ),
                  'text/csv',
                )
              }
            >
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <PanelBody
        content={
          !traffic
            ? { state: 'loading', waitsFor: 'Waiting for the figures of the router.' }
            : rows.length === 0
              ? { state: 'empty', sentence: search === '' ? 'No message has been seen yet.' : 'No topic matches.' }
              : traffic.topicsHidden > 0
                ? {
                    state: 'too-much',
                    sentence: `The busiest ${all.length} are listed; ${counted(traffic.topicsHidden, 'more topic')} not. Watch a narrower filter under Live to see them.`,
                  }
                : { state: 'ready' }
        }
      >
        <div className={table.scroll}>
          <table className={table.table} aria-label="Topics">
            <thead>
              <tr>
                <th className={table.grow}>Topic</th>
                <th className={table.right}>Messages</th>
                <th className={table.right}>Last</th>
                <th>Retained</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.topic} onClick={() => onWatch(row.topic)}>
                  <td className={table.grow}>
                    <button
                      type="button"
                      className={styles.plain}
                      title={`Watch ${row.topic}`}
                      onClick={() => onWatch(row.topic)}
                    >
                      <code>{row.topic}</code>
                    </button>
                  </td>
                  <td className={table.right}>{count(row.count)}</td>
                  <td className={table.right}>
                    <Time at={row.at} />
                  </td>
                  <td>{row.retained ? 'yes' : ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </PanelBody>
    </PageFrame>
  )
}
