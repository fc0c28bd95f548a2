import { ActionIcon, Button, Tooltip } from '@mantine/core'
import {
  IconDownload,
  IconPlayerPlay,
  IconPlayerRecord,
  IconPlayerStop,
  IconTrash,
  IconUpload,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { RecordingView } from '#shared/contract/index.ts'
import { bytes, count, duration } from '../../../components/figures.ts'
import { PageFrame } from '../../../components/page-frame.tsx'
import { PanelBody } from '../../../components/panel.tsx'
import table from '../../../components/table.module.css'
import { Time, ZoneNote } from '../../../components/time.tsx'
import { useAction } from '../../../state/use-action.tsx'
import { useSlice } from '../../../state/use-shown.ts'
import plain from '../plain-button.module.css'
import { DeleteDialog } from './delete-dialog.tsx'
import { ExportDialog } from './export-dialog.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { RecordDialog } from './record-dialog.tsx'
import { RecordedPanel } from './recorded-panel.tsx'
import styles from './recordings.module.css'
import { ReplayDialog } from './replay-dialog.tsx'

type Asking =
  | { readonly type: 'record' | 'import' }
  | { readonly type: 'replay' | 'delete' | 'export'; readonly recording: RecordingView }

/** Messages kept on disk under a name: recorded, looked through, exported, imported, replayed. */
export function RecordingsTab({ filter }: { readonly filter: string }) {
  const slice = useSlice('recordings')
  const { busy, run } = useAction()
  const [asking, setAsking] = useState<Asking | null>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const recordings = Object.values(slice).sort((a, b) => b.startedAt - a.startedAt || b.id.localeCompare(a.id))
  const open = chosen === null ? undefined : slice[chosen]
  const close = () => setAsking(null)
  return (
    <PageFrame
      title="Recordings"
      note={<ZoneNote />}
      actions={
        <>
          <Button leftSection={<IconUpload size={14} />} onClick={() => setAsking({ type: 'import' })}>
            Import…
          </Button>
          <Button
            variant="filled"
            leftSection={<IconPlayerRecord size={14} />}
            onClick={() => setAsking({ type: 'record' })}
          >
            Record…
          </Button>
        </>
      }
    >
      <PanelBody
        content={
          recordings.length === 0
            ? {
                state: 'empty',
                sentence:
                  'Nothing is recorded. Record keeps what passes on a topic filter on disk, to look through, export and replay.',
              }
            : { state: 'ready' }
        }
      >
        <div className={`${table.scroll} ${styles.list}`}>
          <table className={table.table} aria-label="Recordings">
            <thead>
              <tr>
                <th className={table.grow}>Name</th>
                <th>Topics</th>
                <th>State</th>
                <th className={table.right}>Messages</th>
                <th className={table.right}>Size</th>
                <th>Began</th>
                <th>Lasted</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {recordings.map((recording) => (
                <tr key={recording.id} aria-selected={recording.id === chosen} onClick={() => setChosen(recording.id)}>
                  <td className={table.grow}>
                    <button type="button" className={plain.plain} onClick={() => setChosen(recording.id)}>
                      {recording.name}
                    </button>{' '}
                    <code className="dim">{recording.id}</code>
                  </td>
                  <td className={styles.words}>
                    <code>{recording.imported ? 'imported' : recording.filter}</code>
                    {recording.text !== '' && <span className="dim"> with “{recording.text}”</span>}
                  </td>
                  <td className={styles.words} title={recording.why ?? undefined}>
                    {stateWords(recording)}
                  </td>
                  <td className={table.right}>{count(recording.messages)}</td>
                  <td className={table.right}>{bytes(recording.bytes)}</td>
                  <td>
                    <Time at={recording.startedAt} />
                  </td>
                  <td>{recording.endedAt === null ? '' : duration(recording.endedAt - recording.startedAt)}</td>
                  <td onClick={(event) => event.stopPropagation()} onKeyDown={undefined}>
                    <div className={styles.acts}>
                      {recording.state === 'recording' && (
                        <Button
                          size="compact-xs"
                          leftSection={<IconPlayerStop size={12} />}
                          disabled={busy}
                          onClick={() => void run((calls) => calls.recordings.stop({ recording: recording.id }))}
                        >
                          Stop
                        </Button>
                      )}
                      {recording.state === 'complete' && (
                        <Button
                          size="compact-xs"
                          leftSection={<IconPlayerPlay size={12} />}
                          onClick={() => setAsking({ type: 'replay', recording })}
                        >
                          Replay…
                        </Button>
                      )}
                      <Tooltip label="Export as JSON Lines">
                        <ActionIcon
                          size={22}
                          aria-label={`Export ${recording.name}`}
                          onClick={() => setAsking({ type: 'export', recording })}
                        >
                          <IconDownload size={14} />
                        </ActionIcon>
                      </Tooltip>
                      <Tooltip label="Delete">
                        <ActionIcon
                          size={22}
                          aria-label={`Delete ${recording.name}`}
                          onClick={() => setAsking({ type: 'delete', recording })}
                        >
                          <IconTrash size={14} />
                        </ActionIcon>
                      </Tooltip>
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {open && <RecordedPanel key={open.id} recording={open} />}
      </PanelBody>
      {asking?.type === 'record' && <RecordDialog filter={filter} onClose={close} />}
      {asking?.type === 'import' && <ImportDialog onClose={close} />}
      {asking?.type === 'replay' && <ReplayDialog recording={asking.recording} onClose={close} />}
      {asking?.type === 'delete' && <DeleteDialog recording={asking.recording} onClose={close} />}
      {asking?.type === 'export' && <ExportDialog recording={asking.recording} onClose={close} />}
    </PageFrame>
  )
}

function stateWords({ state, lost, gaps, why }: RecordingView): string {
  const words = { recording: 'recording', complete: 'complete', importing: 'importing' }[state]
  return [
    why === null ? words : `${words}, at its bound`,
    ...(lost > 0 ? [`${count(lost)} lost`] : []),
    ...(gaps > 0 ? [`interrupted ${gaps === 1 ? 'once' : `${gaps} times`}`] : []),
  ].join(', ')
}
