import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
} from 'react'
import styles from './virtual-list.module.css'

/** How far the view of a list is from its ends. Pixels. */
export interface Distances {
  readonly fromStart: number
  readonly fromEnd: number
}

/** What the owner of a list may do with it. */
export interface VirtualListHandle {
  toStart(): void
  toEnd(): void
  /** Brings a row into view: `near` only as far as needed, `centre` to the middle unless it is in view. */
  toRow(index: number, align?: 'near' | 'start' | 'centre'): void
  /** How far the view is from both ends; null while there is none. */
  distances(): Distances | null
  focus(): void
}

/**
 * Rows of one height, of which only the visible ones exist. Arrow keys, Page keys, Home and End move the selection when
 * `onSelect` is given, unless the owner has keys of its own (`ownKeys`).
 */
export function VirtualList<T>({
  rows,
  rowKey,
  children,
  label,
  selected,
  onSelect,
  onScrolled,
  onShown,
  keepsPlace = false,
  ownKeys = false,
  isPart,
  rowHeight = 28,
  beyond = 12,
  handle,
  className,
}: {
  readonly rows: readonly T[]
  readonly rowKey: (row: T) => string | number
  readonly children: (row: T) => ReactNode
  readonly label: string
  readonly selected?: string | number | undefined
  readonly onSelect?: (row: T) => void
  /** Told after each scroll how far the view is from both ends. */
  readonly onScrolled?: (place: Distances) => void
  /** Told which rows are in view, after each scroll and when the rows change. */
  readonly onShown?: (first: T, last: T) => void
  /** What is read stays where it is on screen when rows come or go above it. */
  readonly keepsPlace?: boolean
  readonly ownKeys?: boolean
  /** Whether a row is one of the things listed; others are lines between them, which cannot be selected. */
  readonly isPart?: (row: T) => boolean
  readonly rowHeight?: number
  /** Rows that exist beyond either edge of the view, so that scrolling finds them there. */
  readonly beyond?: number
  readonly handle?: Ref<VirtualListHandle>
  readonly className?: string | undefined
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const listId = useId()
  const anchor = useRef<{ readonly key: string | number; readonly index: number } | null>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: beyond,
  })
  useImperativeHandle(
    handle,
    () => ({
      toStart: () => scroller.current?.scrollTo({ top: 0 }),
      toEnd: () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight }),
      toRow: (index, align = 'near') => {
        const element = scroller.current
        if (!element) return
        const top = index * rowHeight
        const above = top < element.scrollTop
        const below = top + rowHeight > element.scrollTop + element.clientHeight
        if (align === 'start') element.scrollTop = top
        else if (align === 'centre' && (above || below)) {
          element.scrollTop = top - (element.clientHeight - rowHeight) / 2
        } else if (above) element.scrollTop = top
        else if (below) element.scrollTop = top + rowHeight - element.clientHeight
      },
      distances: () => distancesOf(scroller.current),
      focus: () => scroller.current?.focus({ preventScroll: true }),
    }),
    [rowHeight],
  )
  const tellShown = useCallback(() => {
    const element = scroller.current
    if (!element || rows.length === 0 || !(keepsPlace || onShown)) return
    const top = Math.min(rows.length - 1, Math.floor(element.scrollTop / rowHeight))
    const bottom = Math.min(rows.length - 1, Math.floor((element.scrollTop + element.clientHeight - 1) / rowHeight))
    const first = rows[top]
    const last = rows[Math.max(top, bottom)]
    if (first === undefined || last === undefined) return
    anchor.current = { key: rowKey(first), index: top }
    onShown?.(first, last)
  }, [rows, rowKey, rowHeight, onShown, keepsPlace])
  useLayoutEffect(() => {
    const element = scroller.current
    const held = anchor.current
    if (keepsPlace && element && held) {
      const index = rows.findIndex((row) => rowKey(row) === held.key)
      if (index !== -1 && index !== held.index) element.scrollTop += (index - held.index) * rowHeight
    }
    tellShown()
  }, [rows, rowKey, rowHeight, keepsPlace, tellShown])
  const scrolled = useCallback(() => {
    tellShown()
    const distances = distancesOf(scroller.current)
    if (distances) onScrolled?.(distances)
  }, [onScrolled, tellShown])
  const move = (event: KeyboardEvent) => {
    if (!onSelect || ownKeys || rows.length === 0) return
    const at = selected === undefined ? -1 : rows.findIndex((row) => rowKey(row) === selected)
    const to = target(event.key, at, rows.length)
    const row = to === null ? undefined : rows[to]
    if (to === null || row === undefined) return
    event.preventDefault()
    onSelect(row)
    virtual.scrollToIndex(to)
  }
  const items = virtual.getVirtualItems()
  const chosen =
    selected !== undefined &&
    items.some(({ index }) => {
      const row = rows[index]
      return row !== undefined && rowKey(row) === selected
    })
  return (
    <div
      ref={scroller}
      className={`${styles.list} ${className ?? ''}`}
      onScroll={scrolled}
      onKeyDown={move}
      role="listbox"
      aria-label={label}
      tabIndex={0}
      {...(chosen && { 'aria-activedescendant': `${listId}-${selected}` })}
    >
      <div className={styles.inside} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          const key = rowKey(row)
          const place = { height: rowHeight, transform: `translateY(${item.start}px)` }
          if (isPart && !isPart(row)) {
            return (
              <div key={item.index % recycled} role="presentation" className={styles.between} style={place}>
                {children(row)}
              </div>
            )
          }
          return (
            <div
              // Elements are used again for other rows: at thousands of rows a second, making them anew costs most.
              key={item.index % recycled}
              id={`${listId}-${key}`}
              role="option"
              aria-selected={key === selected}
              aria-posinset={item.index + 1}
              aria-setsize={rows.length}
              tabIndex={-1}
              className={styles.row}
              style={place}
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

function distancesOf(element: HTMLElement | null): Distances | null {
  return (
    element && {
      fromStart: element.scrollTop,
      fromEnd: element.scrollHeight - element.scrollTop - element.clientHeight,
    }
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
