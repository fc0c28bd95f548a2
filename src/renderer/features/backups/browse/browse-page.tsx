import { Button, Select } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { FileView, SnapshotView } from '#shared/contract/index.ts'
import { mostPaths } from '#shared/path-key.ts'
import { counted } from '../../../components/figures.ts'
import { PageFrame } from '../../../components/page-frame.tsx'
import { PanelBody } from '../../../components/panel.tsx'
import { useSiteTime } from '../../../components/time.tsx'
import { useSelected, useSlice } from '../../../state/use-shown.ts'
import { useActions } from '../../actions/asking.ts'
import { CopyDialog, type CopyKind } from '../copy-dialog.tsx'
import { kindWords } from '../snapshot-words.ts'
import styles from './browse.module.css'
import { FileDrawer } from './file-drawer.tsx'
import { SnapshotLines } from './snapshot-lines.tsx'
import { rowsOf, withTick } from './snapshot-nodes.ts'
import { useSnapshotTree } from './use-snapshot-tree.ts'

/** What a snapshot holds, what became of it since, and what of it is to be restored. */
export default function BrowsePage() {
  const { id = '' } = useParams()
  return <Browse key={id} id={id} />
}

function Browse({ id }: { readonly id: string }) {
  const navigate = useNavigate()
  const { ask } = useActions()
  const format = useSiteTime()
  const snapshots = useSlice('snapshots')
  const snapshot = snapshots[id]
  const [against, setAgainst] = useState<string | null>('now')
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [file, setFile] = useState<FileView | null>(null)
  const [copying, setCopying] = useState<CopyKind | null>(null)
  const tree = useSnapshotTree(id, against)
  const rows = useMemo(() => rowsOf(tree.folders, tree.expanded), [tree.folders, tree.expanded])
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && /^(backup|restore)\.(?!copy$)/.test(job.kind)),
  )
  const root = tree.folders.get('')
  const since = root?.changes
  const many = ticked.size > mostPaths
  return (
    <PageFrame
      title={snapshot ? `Files of ${format.full(snapshot.at)}` : 'Files of a snapshot'}
      note={snapshot ? `${kindWords[snapshot.kind]} snapshot` : ''}
      actions={
        <>
          <Button onClick={() => void navigate(`/backups/${id}`)}>Back to the snapshot</Button>
          <Button disabled={!snapshot || busy || many} onClick={() => setCopying('into')}>
            Into a folder…
          </Button>
          <Button disabled={!snapshot || busy || many} onClick={() => setCopying('export')}>
            Export…
          </Button>
          <Button
            variant="filled"
            disabled={ticked.size === 0 || busy || many}
            onClick={() => ask({ type: 'restore', snapshot: id, paths: [...ticked].sort() })}
          >
            {ticked.size === 0 ? 'Restore ticked…' : `Restore ${counted(ticked.size, 'entry', 'entries')}…`}
          </Button>
        </>
      }
      tools={
        <Select
          aria-label="Compare with"
          w={300}
          data={comparisons(id, Object.values(snapshots), format.full)}
          value={against ?? 'nothing'}
          allowDeselect={false}
          onChange={(value) => setAgainst(value === 'nothing' ? null : value)}
        />
      }
      drawer={file && <FileDrawer key={file.path} snapshot={id} file={file} onClose={() => setFile(null)} />}
    >
      {copying && snapshot && (
        <CopyDialog
          kind={copying}
          snapshot={snapshot}
          paths={ticked.size === 0 ? null : [...ticked].sort()}
          onClose={() => setCopying(null)}
        />
      )}
      <PanelBody
        content={
          tree.problem
            ? { state: 'failed', problem: tree.problem, retry: tree.retry }
            : root && root.total === 0 && (since?.entries.length ?? 0) === 0
              ? { state: 'empty', sentence: 'The snapshot holds nothing.' }
              : { state: 'ready' }
        }
      >
        <div className={styles.frame}>
          <div className={styles.head} aria-hidden="true">
            <span />
            <span>Name</span>
            <span>Since then</span>
            <span>Size</span>
            <span>Written</span>
          </div>
          <SnapshotLines
            rows={rows}
            ticked={ticked}
            selected={file?.path ?? null}
            onTick={(path) => setTicked((known) => withTick(path, known))}
            onToggle={tree.toggle}
            onSelect={setFile}
            onMore={tree.more}
          />
          <div className={styles.foot} role="status">
            <p>
              {many
                ? `At most ${mostPaths} entries can be restored at once; tick their folders instead.`
                : ticked.size > 0
                  ? `${counted(ticked.size, 'entry', 'entries')} ticked; folders with everything in them.`
                  : 'Tick what is to be restored. Nothing happens before you have seen the plan.'}
            </p>
            {against !== null &&
              (tree.comparing > 0
                ? 'Comparing…'
                : since && `${since.added} added, ${since.changed} changed, ${since.deleted} deleted since`)}
            {tree.comparing > 0 && (
              <Button size="compact-xs" onClick={() => setAgainst(null)}>
                Stop comparing
              </Button>
            )}
          </div>
        </div>
      </PanelBody>
    </PageFrame>
  )
}

/** With what a snapshot can be compared: the site, nothing, or another one. */
function comparisons(id: string, snapshots: readonly SnapshotView[], words: (at: number) => string) {
  return [
    { value: 'now', label: 'Compared with the site now' },
    { value: 'nothing', label: 'Not compared' },
    ...snapshots
      .filter((other) => other.id !== id && other.kind !== 'restore-point')
      .sort((a, b) => b.at - a.at)
      .map((other) => ({ value: other.id, label: `Compared with ${words(other.at)}, ${kindWords[other.kind]}` })),
  ]
}
