import { IconChevronDown, IconChevronRight, IconDatabase, IconFile, IconFolder, IconLink } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import type { FileChange, FileView } from '#shared/contract/index.ts'
import { bytes, count } from '../../../components/figures.ts'
import { Time } from '../../../components/time.tsx'
import { movedInTree, useTypeAhead } from '../../messages/tree-keys.ts'
import styles from './browse.module.css'
import { type SnapshotRow, tickOf } from './snapshot-nodes.ts'

const rowHeight = 26

/** The lines of the tree that are in view, and the keys that move, tick and open. */
export function SnapshotLines({
  rows,
  ticked,
  selected,
  onTick,
  onToggle,
  onSelect,
  onMore,
}: {
  readonly rows: readonly SnapshotRow[]
  readonly ticked: ReadonlySet<string>
  readonly selected: string | null
  readonly onTick: (path: string) => void
  readonly onToggle: (folder: string, open: boolean) => void
  readonly onSelect: (file: FileView) => void
  readonly onMore: (folder: string) => void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const id = useId()
  const [at, setAt] = useState<string | null>(null)
  const typed = useTypeAhead()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const items = virtual.getVirtualItems()
  useEffect(() => {
    // Scrolled to the end of what is known of a folder: the next part is read.
    for (const { index } of items) {
      const row = rows[index]
      if (row?.type === 'more' && row.left > 0) onMore(row.folder)
    }
  }, [items, rows, onMore])
  const current = at === null ? -1 : rows.findIndex((row) => row.path === at)
  const goTo = (index: number) => {
    const row = rows[index]
    if (!row) return
    setAt(row.path)
    virtual.scrollToIndex(index)
  }
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[current]
    const move = movedInTree(event.key, rows, current)
    const to = typed(event.key, rows, current)
    if (move?.do === 'go') goTo(move.to)
    else if (move) onToggle(move.row.path, move.do === 'open')
    else if (event.key === ' ' && row?.type === 'entry') onTick(row.path)
    else if (event.key === 'Enter' && row?.type === 'entry') {
      if (row.expandable) onToggle(row.path, !row.expanded)
      else onSelect(row.file)
    } else if (to !== null) goTo(to)
    else return
    event.preventDefault()
  }
  return (
    <div
      ref={scroller}
      role="tree"
      aria-label="Files of the snapshot"
      aria-multiselectable="true"
      tabIndex={0}
      className={styles.lines}
      onKeyDown={press}
      {...(current >= 0 && { 'aria-activedescendant': `${id}-${current}` })}
    >
      <div className={styles.inside} style={{ height: virtual.getTotalSize() }} role="presentation">
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          const place = { height: rowHeight, transform: `translateY(${item.start}px)` }
          if (row.type === 'more') {
            return (
              <div key={item.index} role="presentation" className={styles.line} style={place}>
                <span className="dim" style={{ paddingLeft: 30 + row.depth * 16 }}>
                  {row.left > 0 ? `${count(row.left)} more are being read…` : 'Being read…'}
                </span>
              </div>
            )
          }
          const tick = row.type === 'entry' ? tickOf(row.path, ticked) : 'none'
          return (
            <div
              key={item.index}
              id={`${id}-${item.index}`}
              role="treeitem"
              tabIndex={-1}
              aria-label={spoken(row)}
              aria-level={row.depth + 1}
              aria-posinset={row.place}
              aria-setsize={row.among}
              aria-selected={row.path === selected}
              {...(row.type === 'entry' && {
                'aria-checked': tick === 'part' ? ('mixed' as const) : tick !== 'none',
              })}
              {...(row.expandable && { 'aria-expanded': row.expanded })}
              className={`${styles.line} ${row.path === at ? styles.at : ''}`}
              style={place}
              onClick={() => {
                setAt(row.path)
                if (row.type !== 'entry') return
                if (row.expandable) onToggle(row.path, !row.expanded)
                else onSelect(row.file)
              }}
              onKeyDown={undefined}
            >
              <input
                type="checkbox"
                tabIndex={-1}
                aria-hidden="true"
                aria-label={`Tick ${row.name}`}
                className={styles.tick}
                checked={tick === 'own' || tick === 'above'}
                disabled={row.type !== 'entry' || tick === 'above'}
                ref={(box) => {
                  if (box) box.indeterminate = tick === 'part'
                }}
                onClick={(event) => event.stopPropagation()}
                onChange={() => onTick(row.path)}
              />
              <Entry row={row} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Entry({ row }: { readonly row: Exclude<SnapshotRow, { type: 'more' }> }) {
  const file = row.type === 'entry' ? row.file : null
  const kind = file?.kind ?? row.change?.kind ?? 'file'
  return (
    <>
      <span className={styles.name} style={{ paddingLeft: row.depth * 16 }} title={row.name}>
        <span className={styles.fold} aria-hidden="true">
          {row.expandable && (row.expanded ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />)}
        </span>
        <Icon kind={kind} />
        <span className={styles.text}>{row.name}</span>
        {file?.target != null && <span className="dim"> → {file.target}</span>}
      </span>
      <span className={styles.note}>
        {file?.torn && <span title="It changed each time it was read.">torn </span>}
        {row.change && <ChangeMark change={row.change} />}
      </span>
      <span className={`${styles.size} number`}>{file?.bytes == null ? '' : bytes(file.bytes)}</span>
      <span className={styles.time}>{file && <Time at={file.at} />}</span>
    </>
  )
}

const words = { added: 'not in the snapshot', changed: 'changed since', deleted: 'gone since' } as const

function ChangeMark({ change }: { readonly change: FileChange }) {
  const { what, kind, added, changed, deleted } = change
  const inside = [
    added > 0 ? `+${count(added)}` : '',
    changed > 0 ? `~${count(changed)}` : '',
    deleted > 0 ? `−${count(deleted)}` : '',
  ].filter((part) => part !== '')
  return (
    <span
      className={styles.change}
      data-what={what}
      title={`Since then: ${added} added, ${changed} changed, ${deleted} deleted`}
    >
      {kind === 'folder' ? inside.join(' ') : words[what === 'inside' ? 'changed' : what]}
    </span>
  )
}

const icons = { folder: IconFolder, file: IconFile, link: IconLink, database: IconDatabase }

function Icon({ kind }: { readonly kind: FileView['kind'] }) {
  const Shape = icons[kind]
  return <Shape size={14} className={styles.icon} aria-hidden="true" />
}

function spoken(row: Exclude<SnapshotRow, { type: 'more' }>): string {
  const kind = row.type === 'entry' ? row.file.kind : row.change.kind
  const size = row.type === 'entry' && row.file.bytes !== null ? `, ${bytes(row.file.bytes)}` : ''
  if (!row.change) return `${row.name}, ${kind}${size}`
  const { what, added, changed, deleted } = row.change
  const since =
    kind === 'folder'
      ? `${added} added, ${changed} changed, ${deleted} deleted since`
      : words[what === 'inside' ? 'changed' : what]
  return `${row.name}, ${kind}${size}, ${since}`
}
