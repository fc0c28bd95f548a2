import { ActionIcon, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import { csv, exportText } from '../../components/export-text.ts'
import { age, count, counted, perSecond } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import plain from '../messages/plain-button.module.css'
import { ClientDrawer } from './client-drawer.tsx'
import { type ClientRow, clientRows, type Look } from './client-rows.ts'
import styles from './devices.module.css'

/** How often it is asked who is connected. */
const askMs = 2_000

/** Who is connected to the embedded broker; those that are silent for longest stand first. */
export function ClientsTab({ tabs }: { readonly tabs: ReactNode }) {
  const { link } = usePage()
  const navigate = useNavigate()
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const looks = useRef<{ readonly now: Look; readonly before: Look | null } | null>(null)
  const query = useQuery({
    queryKey: ['broker-clients'],
    queryFn: () => link.calls.devices.clients({}),
    refetchInterval: askMs,
    staleTime: 0,
  })
  if (query.data && query.data.at !== looks.current?.now.at) {
    looks.current = { now: query.data, before: looks.current?.now ?? null }
  }
  const all = looks.current ? clientRows(looks.current.now, looks.current.before, '') : []
  const rows = looks.current ? clientRows(looks.current.now, looks.current.before, search) : []
  const open = all.find(({ id }) => id === chosen)
  return (
    <PageFrame
      title="Devices"
      note={<ZoneNote />}
      tools={
        <>
          {tabs}
          <TextInput
            aria-label="Search devices"
            placeholder="Name, address, topic"
            leftSection={<IconSearch size={14} />}
            w={240}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Tooltip label="Save this list as a file">
            <ActionIcon aria-label="Export devices" onClick={() => exportText('devices.csv', asCsv(rows), 'text/csv')}>
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
          <span className="dim" role="status">
            {counted(all.length, 'client')} connected
            {(query.data?.untold ?? 0) > 0 && `; ${count(query.data?.untold ?? 0)} more are not listed`}
            {query.error && all.length > 0 && '; not up to date: the console does not answer'}
          </span>
        </>
      }
      drawer={
        open && (
          <ClientDrawer
            client={open}
            onClose={() => setChosen(null)}
            onWatch={(filter) => void navigate(`/messages?filter=${encodeURIComponent(filter)}`)}
          />
        )
      }
    >
      <PanelBody
        content={
          query.error && !query.data
            ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
            : query.isPending
              ? { state: 'loading', waitsFor: 'Waiting for the clients of the broker.' }
              : rows.length === 0
                ? {
                    state: 'empty',
                    sentence:
                      search === ''
                        ? 'Nobody is connected to the embedded broker. Devices stand here as soon as they connect to it.'
                        : 'No client that is connected matches.',
                  }
                : { state: 'ready' }
        }
      >
        <div className={`${table.scroll} ${styles.list}`}>
          <table className={table.table} aria-label="Devices">
            <thead>
              <tr>
                <th className={table.grow}>Client</th>
                <th>Address</th>
                <th>Connected since</th>
                <th className={table.right}>Last heard</th>
                <th className={table.right}>From it</th>
                <th className={table.right}>To it</th>
                <th>Last will</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((client) => (
                <tr key={client.id} onClick={() => setChosen(client.id)}>
                  <td className={table.grow}>
                    <button type="button" className={plain.plain} onClick={() => setChosen(client.id)}>
                      <code>{client.id}</code>
                    </button>
                  </td>
                  <td>{client.address ?? ''}</td>
                  <td>
                    <Time at={client.since} />
                  </td>
                  <td className={table.right}>{age(client.silentMs)}</td>
                  <td className={table.right}>{perSecond(client.inRate)}</td>
                  <td className={table.right}>{perSecond(client.outRate)}</td>
                  <td>{client.will && <code className={styles.will}>{client.will.topic}</code>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </PanelBody>
    </PageFrame>
  )
}

function asCsv(rows: readonly ClientRow[]): string {
  return csv(
    ['client', 'address', 'connected since', 'last heard', 'messages from it', 'messages to it', 'last will'],
    rows.map((row) => [
      row.id,
      row.address,
      new Date(row.since).toISOString(),
      new Date(row.lastAt).toISOString(),
      row.received,
      row.sent,
      row.will?.topic ?? null,
    ]),
  )
}
