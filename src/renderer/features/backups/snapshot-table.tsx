import { ActionIcon, Select, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconPin, IconSearch } from '@tabler/icons-react'
import { type KeyboardEvent, useState } from 'react'
import { Link, useNavigate } from 'react-router'
import type { SnapshotView } from '#shared/contract/index.ts'
import { clearCross } from '../../components/clear-cross.ts'
import { csv, exportText } from '../../components/export-text.ts'
import { bytes, count } from '../../components/figures.ts'
import { PanelBody } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Age, Time } from '../../components/time.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import styles from './snapshot-table.module.css'
import { keptWords, kindWords, purposeOf } from './snapshot-words.ts'
import { VerifiedMark } from './verified-mark.tsx'

/** All snapshots, newest first; the list that a restore chooses from. */
export function SnapshotTable({
  snapshots,
  selected,
}: {
  readonly snapshots: readonly SnapshotView[]
  readonly selected: string | undefined
}) {
  const navigate = useNavigate()
  const keeping = useEntity('keeping', 'keeping')
  const [search, setSearch] = useState('')
  const [kind, setKind] = useState<string | null>(null)
  const rows = snapshots.filter(
    (snapshot) =>
      (kind === null || snapshot.kind === kind) &&
      `${snapshot.id} ${purposeOf(snapshot)} ${snapshot.release ?? ''}`
        .toLowerCase()
        .includes(search.trim().toLowerCase()),
  )
  const move = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const at = rows.findIndex((row) => row.id === selected)
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))]
    if (!next) return
    event.preventDefault()
    void navigate(`/backups/${next.id}`)
    event.currentTarget.querySelector<HTMLElement>(`[data-snapshot="${CSS.escape(next.id)}"] a`)?.focus()
  }
  return (
    <>
      <div className={styles.tools}>
        <TextInput
          aria-label="Search snapshots"
          placeholder="Search snapshots"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          aria-label="Kind"
          placeholder="All kinds"
          clearable
          clearButtonProps={clearCross('kind')}
          w={150}
          data={Object.entries(kindWords).map(([value, label]) => ({ value, label }))}
          value={kind}
          onChange={setKind}
        />
        <Tooltip label="Save this list as a file">
          <ActionIcon
            aria-label="Export snapshots"
            onClick={() => exportText('snapshots.csv', asCsv(rows), 'text/csv')}
          >
            <IconDownload size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <PanelBody
        content={
          rows.length === 0
            ? {
                state: 'empty',
                sentence:
                  snapshots.length === 0
                    ? 'No snapshot yet. Press Back up now: code, configuration, data, logs and live databases are saved and read back.'
                    : 'No snapshot matches. Clear the search or the filter.',
              }
            : { state: 'ready' }
        }
      >
        <div className={`${table.scroll} ${styles.list}`}>
          <table className={table.table} aria-label="Snapshots" onKeyDown={move}>
            <thead>
              <tr>
                <th>Taken</th>
                <th className={table.right}>Age</th>
                <th>Kind</th>
                <th>Verified</th>
                <th className={table.grow}>Note</th>
                <th className={table.second}>Kept</th>
                <th className={`${table.right} ${table.second}`}>Files</th>
                <th className={`${table.right} ${table.second}`}>Size</th>
                <th className={`${table.right} ${table.third}`}>Added</th>
                <th className={`${table.right} ${table.third}`}>Databases</th>
                <th className={table.third}>Release</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((snapshot) => (
                <tr
                  key={snapshot.id}
                  data-snapshot={snapshot.id}
                  aria-selected={snapshot.id === selected}
                  onClick={() => void navigate(`/backups/${snapshot.id}`)}
                >
                  <td className={table.name}>
                    <Link to={`/backups/${snapshot.id}`}>
                      <Time at={snapshot.at} />
                    </Link>{' '}
                    {snapshot.pinned && <IconPin size={12} aria-label="pinned" role="img" />}
                  </td>
                  <td className={table.right}>
                    <Age at={snapshot.at} plain />
                  </td>
                  <td>
                    {kindWords[snapshot.kind]}
                    {snapshot.partial && ', partial'}
                  </td>
                  <td>
                    <VerifiedMark snapshot={snapshot} />{' '}
                    {snapshot.verified?.ok === false && <Why subject={`snapshot:${snapshot.id}`} about={snapshot.id} />}
                  </td>
                  <td className={`${table.grow} dim`} title={purposeOf(snapshot)}>
                    {purposeOf(snapshot)}
                  </td>
                  <td className={table.second} title={(keeping?.reasons[snapshot.id] ?? []).join('; ')}>
                    {keptWords(keeping?.reasons[snapshot.id], keeping?.remove.includes(snapshot.id) ?? false)}
                  </td>
                  <td className={`${table.right} ${table.second}`}>{count(snapshot.files)}</td>
                  <td className={`${table.right} ${table.second}`}>{bytes(snapshot.bytes)}</td>
                  <td className={`${table.right} ${table.third}`}>{bytes(snapshot.added)}</td>
                  <td className={`${table.right} ${table.third}`}>{count(snapshot.databases)}</td>
                  <td className={table.third}>{snapshot.release ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </PanelBody>
    </>
  )
}

function asCsv(rows: readonly SnapshotView[]): string {
  return csv(
    ['id', 'taken', 'kind', 'note', 'verified', 'files', 'bytes', 'added', 'databases', 'release'],
    rows.map((row) => [
      row.id,
      new Date(row.at).toISOString(),
      row.kind,
      purposeOf(row),
      row.verified === null ? 'no' : row.verified.ok ? 'ok' : 'failed',
      row.files,
      row.bytes,
      row.added,
      row.databases,
      row.release,
    ]),
  )
}
