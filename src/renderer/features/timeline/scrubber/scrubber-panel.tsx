import { Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { toConsoleError } from '#shared/client/index.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { count, counted } from '../../../components/figures.ts'
import { useSiteTime } from '../../../components/time.tsx'
import { Waiting } from '../../../components/waiting.tsx'
import { useLinkStatus } from '../../../state/use-link.ts'
import type { SeqRange } from '../event-filter.ts'
import { Scrubber } from './scrubber.tsx'
import styles from './scrubber-panel.module.css'
import { aboutWords, coverageWords, heightWords, rangeWords } from './scrubber-words.ts'
import type { SeenRange } from './seen-range.ts'
import type { Spans } from './use-span.ts'

/** The scrubber with what is to be said about it, in each state that it can be in. */
export function ScrubberPanel({
  spans,
  searching,
  seen,
  selected,
  range,
  onGo,
  onRange,
  onExport,
}: {
  readonly spans: Spans
  /** Whether the filter has a text. */
  readonly searching: boolean
  readonly seen: SeenRange
  readonly selected: EventRecord | undefined
  readonly range: SeqRange | null
  readonly onGo: (seq: number | null) => void
  readonly onRange: (range: SeqRange | null) => void
  readonly onExport: () => void
}) {
  const format = useSiteTime()
  const stale = useLinkStatus().phase !== 'connected'
  const { whole, filtered } = spans
  if (!whole) {
    return (
      <section className={styles.panel} aria-label="The log over time">
        {spans.error ? (
          <Failed error={spans.error} again={spans.again} />
        ) : (
          <>
            <div className={styles.head}>
              <Waiting what="Waiting for the counts of events over time." />
            </div>
            <div className={styles.skeleton} aria-hidden="true" />
          </>
        )}
      </section>
    )
  }
  if (whole.total === 0) return null
  const counts = filtered ?? whole
  const coverage = coverageWords(counts, whole, searching, format)
  return (
    <section
      className={styles.panel}
      aria-label="The log over time"
      data-stale={stale || spans.counting || undefined}
      aria-busy={spans.counting}
    >
      <div className={styles.head}>
        <span>
          {filtered === null ? (
            `${counted(whole.total, 'event')}, ${heightWords(whole)}`
          ) : spans.counting || !filtered ? (
            'Counting what the filters let through…'
          ) : (
            <>
              {filtered.countedFrom !== null && 'at least '}
              {count(filtered.total)} of {counted(whole.total, 'event')}
              {filtered.total > 0 && `, ${heightWords(filtered)}`}
            </>
          )}
        </span>
        {range ? (
          <span className={styles.range}>
            <strong>{rangeWords(range, whole, format)}</strong>
            <span>{aboutWords(range, counts)}</span>
            <Button size="compact-xs" onClick={onExport}>
              Export this span
            </Button>
            <Button size="compact-xs" rightSection={<IconX size={12} />} onClick={() => onRange(null)}>
              Clear span
            </Button>
          </span>
        ) : (
          <span className={styles.hint}>Press or drag to go there; with Shift, select a span</span>
        )}
      </div>
      <Scrubber
        whole={whole}
        filtered={filtered ?? null}
        seen={seen}
        selected={selected}
        range={range}
        onGo={onGo}
        onRange={onRange}
      />
      {coverage && (
        <p className={styles.coverage} role="status">
          {coverage}
        </p>
      )}
      {Boolean(spans.error) && <Failed error={spans.error} again={spans.again} />}
    </section>
  )
}

function Failed({ error, again }: { readonly error: unknown; readonly again: () => void }) {
  const { problem } = toConsoleError(error)
  return (
    <p className={styles.failed} role="alert">
      <span>
        The bars could not be drawn. {problem.message} <span className="dim">{problem.remedy}</span>
      </span>
      <Button size="compact-xs" onClick={again}>
        Try again
      </Button>
    </p>
  )
}
