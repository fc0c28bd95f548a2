import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, memo, type PointerEvent, useMemo, useState, useSyncExternalStore } from 'react'
import type { EventRecord } from '#shared/vocabulary.ts'
import type { SiteTime } from '../../../components/site-time.ts'
import { useSiteTime } from '../../../components/time.tsx'
import type { SeqRange } from '../event-filter.ts'
import type { EventSpan } from './event-span.ts'
import styles from './scrubber.module.css'
import { placeWords, seenWords } from './scrubber-words.ts'
import type { SeenRange } from './seen-range.ts'
import { barMarks, spanBars } from './span-bars.ts'
import { axisTicks } from './time-axis.ts'
import { type TimeScale, timeScale } from './time-scale.ts'
import { useDrag, useKeyboard } from './use-scrubbing.ts'

/** Heights in pixels: the lane of the marks, and the bars below it. */
const lane = 16
const bars = 46
const height = lane + bars

interface ScrubberProps {
  readonly whole: EventSpan
  /** What the filter lets through; null without one. */
  readonly filtered: EventSpan | null
  readonly seen: SeenRange
  readonly selected: EventRecord | undefined
  readonly range: SeqRange | null
  /** To this place; `null`: to the newest, and follow. */
  readonly onGo: (seq: number | null) => void
  readonly onRange: (range: SeqRange | null) => void
}

/**
 * The whole log over time. Press or drag to go there, with Shift to select a span; as a slider it is moved with the keyboard.
 */
export function Scrubber({ whole, filtered, seen, selected, range, onGo, onRange }: ScrubberProps) {
  const format = useSiteTime()
  const { ref, width } = useElementSize()
  const scale = useMemo(() => timeScale(whole, Math.max(1, Math.floor(width))), [whole, width])
  const ticks = useMemo(() => axisTicks(scale, format), [scale, format])
  const [hover, setHover] = useState<number | null>(null)
  const drag = useDrag({ scale, range, onGo, onRange })
  const keys = useKeyboard({ scale, whole, seen, onGo, onRange })
  const xOf = (event: PointerEvent) => event.clientX - event.currentTarget.getBoundingClientRect().left
  return (
    <div className={styles.scrubber}>
      {hover !== null && (
        <p className={styles.under} aria-hidden="true">
          {placeWords(scale, hover, filtered ?? whole, format)}
        </p>
      )}
      <div
        ref={ref}
        className={styles.track}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          drag.begin(xOf(event), event.shiftKey)
        }}
        onPointerMove={(event) => {
          setHover(xOf(event))
          drag.move(xOf(event))
        }}
        onPointerUp={drag.end}
        onPointerCancel={drag.end}
        onPointerLeave={() => setHover(null)}
      >
        {width > 0 && (
          <svg className={styles.drawing} width={scale.width} height={height} aria-hidden="true">
            <SpanDrawing whole={whole} filtered={filtered} scale={scale} />
            {ticks.map(({ x }) => (
              <line key={x} className={styles.tick} x1={x + 0.5} x2={x + 0.5} y1={height - 4} y2={height} />
            ))}
            {range && <RangeMark scale={scale} range={range} />}
            {selected && <Pin x={scale.xOf(selected)} />}
            {hover !== null && <line className={styles.hair} x1={hover} x2={hover} y1={0} y2={height} />}
          </svg>
        )}
        <SeenSlider scale={scale} whole={whole} seen={seen} format={format} onKeyDown={keys} />
        {range && <RangeHandles scale={scale} range={range} onGrab={drag.grab} />}
      </div>
      <div className={styles.axis} aria-hidden="true">
        {ticks.map(({ x, label }) => (
          <span key={x} style={{ left: x }}>
            {label}
          </span>
        ))}
      </div>
    </div>
  )
}

const SpanDrawing = memo(function SpanDrawing({
  whole,
  filtered,
  scale,
}: {
  readonly whole: EventSpan
  readonly filtered: EventSpan | null
  readonly scale: TimeScale
}) {
  const behind = useMemo(() => spanBars(whole, scale, bars), [whole, scale])
  const shown = useMemo(() => (filtered ? spanBars(filtered, scale, bars) : behind), [filtered, behind, scale])
  const marks = useMemo(() => barMarks(filtered ?? whole, scale), [filtered, whole, scale])
  return (
    <>
      {scale.stretches.map((stretch) =>
        stretch.empty ? (
          <g key={stretch.left} className={styles.gap}>
            <rect x={stretch.left} width={Math.max(0, stretch.right - stretch.left - 1)} y={lane} height={bars} />
            <path d={breakPath((stretch.left + stretch.right) / 2)} />
          </g>
        ) : null,
      )}
      <g transform={`translate(0 ${lane})`}>
        {filtered && <path className={styles.behind} d={behind.quiet + behind.warning + behind.severe} />}
        <path className={styles.quiet} d={shown.quiet} />
        <path className={styles.warning} d={shown.warning} />
        <path className={styles.severe} d={shown.severe} />
      </g>
      <line className={styles.base} x1={0} x2={scale.width} y1={height - 0.5} y2={height - 0.5} />
      {marks.map(({ x, grade }) => (
        <path key={x} className={styles[grade]} d={markPath(x, grade)} />
      ))}
    </>
  )
})

/** The same shapes as everywhere: a triangle for a warning, a hexagon for an error. */
function markPath(x: number, grade: 'warning' | 'severe'): string {
  return grade === 'warning' ? `M${x} 3L${x + 4.5} 11H${x - 4.5}z` : `M${x - 2} 3h4l2 4-2 4h-4l-2-4z`
}

function breakPath(x: number): string {
  return `M${x - 4} ${height}l3-8M${x + 1} ${height}l3-8`
}

function RangeMark({ scale, range }: { readonly scale: TimeScale; readonly range: SeqRange }) {
  const left = scale.xOfSeq(range.from)
  const right = Math.max(left + 2, scale.xOfSeq(range.to))
  return (
    <g className={styles.range}>
      <rect x={left} width={right - left} y={0} height={height} />
      <line x1={left} x2={left} y1={0} y2={height} />
      <line x1={right} x2={right} y1={0} y2={height} />
    </g>
  )
}

function RangeHandles({
  scale,
  range,
  onGrab,
}: {
  readonly scale: TimeScale
  readonly range: SeqRange
  readonly onGrab: (fixed: number) => void
}) {
  return (['from', 'to'] as const).map((end) => (
    <div
      key={end}
      className={styles.handle}
      style={{ left: scale.xOfSeq(range[end]) }}
      data-handle={end}
      onPointerDown={() => onGrab(range[end === 'from' ? 'to' : 'from'])}
    />
  ))
}

function Pin({ x }: { readonly x: number }) {
  return <path className={styles.pin} d={`M${x} ${lane - 2}l-4-5h8zM${x} ${lane - 2}V${height}`} />
}

/** What is in view in the list, as the thumb of a slider. Drawn again with each scroll, and nothing else is. */
function SeenSlider({
  scale,
  whole,
  seen,
  format,
  onKeyDown,
}: {
  readonly scale: TimeScale
  readonly whole: EventSpan
  readonly seen: SeenRange
  readonly format: SiteTime
  readonly onKeyDown: (event: KeyboardEvent) => void
}) {
  const view = useSyncExternalStore(
    useMemo(() => (listener: () => void) => seen.onChange(listener), [seen]),
    () => seen.seen,
  )
  const ends = view ? [scale.xOf(view.newest), scale.xOf(view.oldest)] : [scale.width]
  const left = Math.min(...ends)
  const across = Math.max(8, Math.max(...ends) - left)
  return (
    <div
      className={styles.seen}
      style={{ left: Math.max(0, Math.min(scale.width - across, left - 1)), width: across }}
      role="slider"
      tabIndex={0}
      aria-label="Place in the log"
      aria-valuemin={whole.oldest?.seq ?? 0}
      aria-valuemax={Math.max(whole.newest?.seq ?? 0, view?.newest.seq ?? 0)}
      aria-valuenow={view?.newest.seq ?? whole.newest?.seq ?? 0}
      aria-valuetext={seenWords(view, whole, format)}
      onKeyDown={onKeyDown}
    />
  )
}
