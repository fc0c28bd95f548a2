import type { LogPage, LogSearch } from '#shared/contract/log-search.ts'
import type { LogFiles } from './launch-plan.ts'
import type { Match, Scan } from './log-scan.ts'
import type { LogPlace } from './log-segments.ts'

/** Where each stream goes on; null: at the end of its log. */
export type Places = Readonly<Record<'out' | 'err', LogPlace | null | 'done'>>

/** What the thread is started with. */
export interface LogSearchOrder {
  readonly files: LogFiles
  readonly request: LogSearch
  readonly after: Places
  readonly bytesAtMost: number
  readonly msAtMost: number
}

export interface LogSearchAnswer {
  readonly lines: LogPage['lines']
  readonly next: Places | null
  readonly bytes: number
  /** Whether it ended at its bound of bytes or time. */
  readonly bounded: boolean
  /** False when the place to go on from is no longer there. */
  readonly found: boolean
}

export interface StreamScan {
  readonly stream: 'out' | 'err'
  readonly scan: Scan
}

/**
 * What was found in both streams as one page, newest first. Nothing is shown that is older than where the other stream was
 * left: it comes on the next page, in its order.
 */
export function mergedPage(scans: readonly StreamScan[], limit: number): LogSearchAnswer {
  const frontier = Math.max(
    Number.NEGATIVE_INFINITY,
    ...scans.flatMap(({ scan }) => (scan.next ? (scan.reached ?? []) : [])),
  )
  const heads = scans.map(({ scan }) => scan.matches.filter(({ time }) => time === null || time >= frontier))
  const taken = scans.map(() => 0)
  const lines: LogPage['lines'] = []
  while (lines.length < limit) {
    const [first] = heads
      .flatMap((matches, index) => {
        const match = matches[taken[index] ?? 0]
        return match ? [{ match, index }] : []
      })
      .toSorted((a, b) => newerFirst(a.match, b.match))
    if (!first) break
    lines.push(first.match.line)
    taken[first.index] = (taken[first.index] ?? 0) + 1
  }
  const places: Record<'out' | 'err', LogPlace | null | 'done'> = { out: 'done', err: 'done' }
  scans.forEach(({ stream, scan }, index) => {
    const count = taken[index] ?? 0
    const all = count === scan.matches.length
    places[stream] = all ? (scan.next ?? 'done') : (scan.matches[count - 1]?.place ?? scan.start)
  })
  const isDone = places.out === 'done' && places.err === 'done'
  return {
    lines,
    next: isDone ? null : places,
    bytes: scans.reduce((sum, { scan }) => sum + scan.bytes, 0),
    bounded: scans.some(({ scan }) => scan.next !== null && scan.matches.length < limit),
    found: scans.every(({ scan }) => scan.found),
  }
}

/** By time; where one has none nothing tells, and that of stderr comes first. */
function newerFirst(a: Match, b: Match): number {
  if (a.time !== null && b.time !== null && a.time !== b.time) return b.time - a.time
  return a.line.stream === b.line.stream ? 0 : a.line.stream === 'err' ? -1 : 1
}

/** Places as the text that a client gives back to go on. */
export function writePlaces({ out, err }: Places): string {
  return [out, err]
    .map((place) => (place === 'done' ? 'done' : place ? `${place.inode}@${place.offset}` : 'end'))
    .join(',')
}

/** Undefined when it is no text of {@link writePlaces}. */
export function readPlaces(text: string): Places | undefined {
  const places = text.split(',').map((each) => {
    if (each === 'done') return 'done'
    if (each === 'end') return null
    const [, inode, offset] = /^(\d{1,16})@(-?\d{1,16})$/.exec(each) ?? []
    return inode === undefined ? undefined : { inode: Number(inode), offset: Number(offset) }
  })
  const [out, err] = places
  return places.length === 2 && out !== undefined && err !== undefined ? { out, err } : undefined
}
