import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconFoldDown, IconSearch, IconX } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useId, useMemo, useRef, useState } from 'react'
import { count, counted, perSecond } from '../../components/figures.ts'
import { PanelBody } from '../../components/panel.tsx'
import { filterOf, type TopicNodes, type TopicRow } from './topic-nodes.ts'
import styles from './topic-tree.module.css'
import { movedInTree, useTypeAhead } from './tree-keys.ts'
import { useTopics } from './use-topics.ts'

const rowHeight = 26

/** The topics that were seen, level by level, with counts and rates; choosing a line narrows the list beside it. */
export function TopicTree({
  filter,
  onFilter,
  onClose,
}: {
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly onClose: () => void
}) {
  const { tree, version, unlisted, full, problem } = useTopics()
  const [chosen, setExpanded] = useState<ReadonlySet<string> | null>(null)
  const [words, setWords] = useState('')
  // The tree is one object that is brought up to date: its version tells that it has changed.
  const rows = useMemo(
    () => (version < 0 ? [] : tree.rows(expandedIn(tree, chosen), words.trim())),
    [tree, version, chosen, words],
  )
  const toggle = (row: TopicRow, open: boolean) => {
    const changed = new Set(expandedIn(tree, chosen))
    if (open) changed.add(row.path)
    else changed.delete(row.path)
    setExpanded(changed)
  }
  return (
    <section className={styles.panel} aria-label="Topics">
      <div className={styles.tools}>
        <TextInput
          aria-label="Find a topic"
          placeholder="Find a topic"
          leftSection={<IconSearch size={14} />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          className={`${styles.find}`}
        />
        <Tooltip label="Fold all">
          <ActionIcon aria-label="Fold all topics" onClick={() => setExpanded(new Set())}>
            <IconFoldDown size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Hide the topics">
          <ActionIcon aria-label="Hide the topics" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <PanelBody
        content={
          problem && version === 0
            ? { state: 'failed', problem }
            : version === 0
              ? { state: 'loading', waitsFor: 'Waiting for the topics.' }
              : rows.length === 0
                ? {
                    state: 'empty',
                    sentence: words === '' ? 'No message was seen since the router began.' : 'No topic holds that.',
                  }
                : { state: 'ready' }
        }
      >
        <Lines rows={rows} filter={filter} onFilter={onFilter} onToggle={toggle} />
      </PanelBody>
      <p className={styles.foot}>
        {filter !== '#' && (
          <Button size="compact-xs" onClick={() => onFilter('#')}>
            Show all
          </Button>
        )}{' '}
        {counted(tree.topics, 'topic')}
        {unlisted > 0 &&
          `; ${count(unlisted)}${full ? ' or more' : ''} not listed: only the first ${count(10_000)} are known`}
        {problem && version > 0 && '; not up to date: the router does not answer'}
      </p>
    </section>
  )
}

/** Until something is opened or folded, a site whose topics all begin alike is open at its first level. */
function expandedIn(tree: TopicNodes, chosen: ReadonlySet<string> | null): ReadonlySet<string> {
  return chosen ?? new Set(tree.roots.length === 1 ? tree.roots : [])
}

interface LinesProps {
  readonly rows: readonly TopicRow[]
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly onToggle: (row: TopicRow, open: boolean) => void
}

/** The lines that are in view, and the keys that move among them. */
function Lines({ rows, filter, onFilter, onToggle }: LinesProps) {
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
  const current = at === null ? -1 : rows.findIndex((row) => row.path === at)
  const goTo = (index: number) => {
    const row = rows[index]
    if (!row) return
    setAt(row.path)
    virtual.scrollToIndex(index)
  }
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const to = typed(event.key, rows, current)
    const move = movedInTree(event.key, rows, current)
    if (move) {
      event.preventDefault()
      if (move.do === 'go') goTo(move.to)
      else onToggle(move.row, move.do === 'open')
      return
    }
    const row = rows[current]
    if (row && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault()
      onFilter(filterOf(row))
      return
    }
    if (to === null) return
    event.preventDefault()
    goTo(to)
  }
  return (
    <div
      ref={scroller}
      role="tree"
      aria-label="Topics seen"
      tabIndex={0}
      className={styles.lines}
      onKeyDown={press}
      {...(current >= 0 && { 'aria-activedescendant': `${id}-${current}` })}
    >
      <div className={styles.inside} style={{ height: virtual.getTotalSize() }} role="presentation">
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (!row) return null
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
              aria-selected={filterOf(row) === filter}
              {...(row.expandable && { 'aria-expanded': row.expanded })}
              className={`${styles.line} ${row.path === at ? styles.at : ''}`}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)`, paddingLeft: 6 + row.depth * 14 }}
              title={row.path}
              onClick={() => {
                setAt(row.path)
                onFilter(filterOf(row))
              }}
              onKeyDown={undefined}
            >
              <Fold row={row} onToggle={onToggle} />
              <Line row={row} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** For the mouse; with the keyboard it is done by the arrow keys. */
function Fold({ row, onToggle }: { readonly row: TopicRow; readonly onToggle: LinesProps['onToggle'] }) {
  if (!row.expandable) return <span className={styles.fold} />
  return (
    <span
      className={styles.fold}
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation()
        onToggle(row, !row.expanded)
      }}
    >
      {row.expanded ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
    </span>
  )
}

const Line = memo(
  function Line({ row }: { readonly row: TopicRow }) {
    return (
      <>
        <code className={styles.name}>{row.name === '' ? '(empty)' : row.name}</code>
        {row.expandable && !row.expanded && <span className={styles.below}>{count(row.topics)}</span>}
        <span className={styles.rate}>{row.perSecond > 0 ? perSecond(row.perSecond) : ''}</span>
        <span className={styles.count}>{count(row.count)}</span>
      </>
    )
  },
  (a, b) =>
    a.row.path === b.row.path &&
    a.row.count === b.row.count &&
    a.row.perSecond === b.row.perSecond &&
    a.row.expanded === b.row.expanded &&
    a.row.topics === b.row.topics,
)

function spoken(row: TopicRow): string {
  const below = row.expandable ? `, ${counted(row.topics, 'topic')}` : ''
  return `${row.name === '' ? 'empty level' : row.name}${below}, ${counted(row.count, 'message')}`
}
