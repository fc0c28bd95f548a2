import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, type Ref, useCallback, useImperativeHandle, useRef } from 'react'
import styles from './virtual-list.module.css'

/** What the owner of a list may do with it. */
export interface VirtualListHandle {
  toStart(): void
  toEnd(): void
  toRow(index: number): void
}

/**
 * Rows of one height, of which only the visible ones exist. Arrow keys, Page keys, Home and End move the selection when
 * `onSelect` is given.
 */
export function VirtualList<T>({
  rows,
  rowKey,
  children,
  label,
  selected,
  onSelect,
  onScrolled,
  rowHeight = 28,
  handle,
  className,
}: {
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string | number
  readonly children: (row: T) => ReactNode
  readonly label: string
  readonly selected?: string | number | undefined
  readonly onSelect?: (row: T) => void
  /** Told after each scroll how far the view is from both ends, in pixels. */
  readonly onScrolled?: (place: { readonly fromStart: number; readonly fromEnd: number }) => void
  readonly rowHeight?: number
  readonly handle?: Ref<VirtualListHandle>
  readonly className?: string | undefined
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  useImperativeHandle(
    handle,
    () => ({
      toStart: () => scroller.current?.scrollTo({ top: 0 }),
      toEnd: () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight }),
      toRow: (index) => virtual.scrollToIndex(index),
    }),
    [virtual],
  )
  const scrolled = useCallback(() => {
    const element = scroller.current
    if (!element) return
    onScrolled?.({
      fromStart: element.scrollTop,
      fromEnd: element.scrollHeight - element.scrollTop - element.clientHeight,
    })
  }, [onScrolled])
  const move = (event: KeyboardEvent) => {
    if (!onSelect || rows.length === 0) return
    const at = selected === undefined ? -1 : rows.findIndex((row) => rowKey(row) === selected)
    const to = target(event.key, at, rows.length)
    const row = to === null ? undefined : rows[to]
    if (to === null || row === undefined) return
    event.preventDefault()
    onSelect(row)
    virtual.scrollToIndex(to)
  }
  return (
    <div
      ref={scroller}
      className={`${styles.list} ${className ?? ''}`}
      onScroll={scrolled}
      onKeyDown={move}
      role="listbox"
      aria-label={label}
      tabIndex={0}
    >
      <div className={styles.inside} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          const key = rowKey(row)
          return (
            <div
              // Elements are used again for other rows: at thousands of rows a second, making them anew costs most.
              key={item.index % recycled}
              role="option"
              aria-selected={key === selected}
              aria-posinset={item.index + 1}
              aria-setsize={rows.length}
              tabIndex={-1}
              className={styles.row}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
              onClick={onSelect ? () => onSelect(row) : undefined}
              onKeyDown={undefined}
            >
              {children(row)}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** More than are ever visible at once. */
const recycled = 256

function target(key: string, at: number, length: number): number | null {
  const page = 15
  switch (key) {
    case 'ArrowDown':
      return Math.min(length - 1, at + 1)
    case 'ArrowUp':
      return at < 0 ? length - 1 : Math.max(0, at - 1)
    case 'PageDown':
      return Math.min(length - 1, at + page)
    case 'PageUp':
      return Math.max(0, at - page)
    case 'Home':
      return 0
    case 'End':
      return length - 1
    default:
      return null
  }
}
