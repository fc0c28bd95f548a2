import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { exportText } from './export-text.ts'
import { count } from './figures.ts'
import { useFollow } from './follow.ts'
import styles from './log-view.module.css'
import { VirtualList, type VirtualListHandle } from './virtual-list.tsx'

/** A line of a log, numbered in order of arrival. */
export interface NumberedLine {
  readonly n: number
  readonly text: string
  /** `err` lines are marked. */
  readonly stream: 'out' | 'err'
}

/** A log that is followed until the reader scrolls up; searched and exported in place. */
export function LogView({ lines, name }: { readonly lines: readonly NumberedLine[]; readonly name: string }) {
  const [search, setSearch] = useState('')
  const { following, follow, atDistance } = useFollow()
  const list = useRef<VirtualListHandle>(null)
  const held = useRef(lines)
  // While the reader looks at something, what they look at stays where it is.
  if (following) held.current = lines
  const frozen = held.current
  const shown = useMemo(() => {
    const words = search.toLowerCase()
    return words === '' ? frozen : frozen.filter((line) => line.text.toLowerCase().includes(words))
  }, [frozen, search])
  const last = lines.at(-1)?.n ?? 0
  const fresh = last - (frozen.at(-1)?.n ?? 0)

  useEffect(() => {
    if (following && shown.length > 0) list.current?.toEnd()
  }, [following, shown])

  return (
    <div className={styles.log}>
      <div className={styles.tools}>
        <TextInput
          placeholder="Search this log"
          aria-label={`Search the log of ${name}`}
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <span className="dim">
          {search === '' ? `${count(frozen.length)} lines` : `${count(shown.length)} of ${count(frozen.length)}`}
        </span>
        <Tooltip label="Save these lines as a file">
          <ActionIcon
            aria-label="Export log"
            onClick={() => exportText(`${name}.log`, shown.map((line) => line.text).join('\n'))}
          >
            <IconDownload size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={styles.lines}>
        <VirtualList
          rows={shown}
          rowKey={(line) => line.n}
          label={`Log of ${name}`}
          rowHeight={19}
          handle={list}
          className={styles.list}
          onScrolled={({ fromEnd }) => atDistance(fromEnd)}
        >
          {(line) => (
            <code className={styles.line} data-stream={line.stream}>
              {line.text}
            </code>
          )}
        </VirtualList>
        {!following && (
          <Button className={styles.fresh} onClick={follow} size="compact-xs" variant="filled">
            {fresh > 0 ? `${count(fresh)} new` : 'Follow'} ↓
          </Button>
        )}
      </div>
    </div>
  )
}
