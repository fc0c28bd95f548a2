import type { EventRecord } from '#shared/vocabulary.ts'
import type { SeqRange } from './event-filter.ts'
import type { EventPage } from './event-window.ts'
import type { AskPage } from './timeline-reader.ts'

/** How many events are asked for at once, and how many a page saves at most: it holds them until the file is made. */
export const exportPage = 1_000
export const mostExported = 100_000

/** What became of an export. */
export interface Exported {
  /** JSON Lines: one event a line, oldest first, each line ended. */
  readonly parts: readonly Blob[]
  readonly count: number
  /** Whether there was more than a page saves. */
  readonly cut: boolean
}

/** Reads the events of a span (or all that the filter lets through) page by page. Null when it was cancelled. */
export async function exportSpan(
  ask: AskPage,
  range: SeqRange | null,
  progress: {
    readonly signal: AbortSignal
    /** How many there are so far, and the sequence that was reached. */
    readonly onRead: (count: number, seq: number) => void
  },
): Promise<Exported | null> {
  const parts: Blob[] = []
  let count = 0
  let after = (range?.from ?? 1) - 1
  for (;;) {
    const limit = Math.min(exportPage, mostExported - count)
    const page: EventPage = await ask({
      after,
      order: 'oldest',
      limit,
      ...(range && { before: range.to + 1 }),
    })
    if (progress.signal.aborted) return null
    if (page.events.length > 0) parts.push(new Blob([page.events.map(lineOf).join('')]))
    count += page.events.length
    after = page.reached ?? page.events.at(-1)?.seq ?? after
    progress.onRead(count, after)
    if (!page.more) return { parts, count, cut: false }
    if (count >= mostExported) return { parts, count, cut: true }
  }
}

function lineOf(event: EventRecord): string {
  return `${JSON.stringify(event)}\n`
}
