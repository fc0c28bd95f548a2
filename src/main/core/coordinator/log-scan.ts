import type { LogLine } from '#shared/contract/services.ts'
import { lineCap, toLogLine } from './log-lines.ts'
import { type LogPlace, LogSegments } from './log-segments.ts'

export interface ScanOptions {
  readonly path: string
  readonly stream: LogLine['stream']
  /** Where to begin, going back; null: at the end of the log. */
  readonly after: LogPlace | null
  readonly text: string
  readonly pattern: boolean
  readonly from: number | null
  readonly to: number | null
  readonly limit: number
  /** Asked between two parts, with the bytes that it has looked through: false ends the scan there. */
  readonly goOn: (bytes: number) => boolean
}

/** A line that was found. */
export interface Match {
  readonly line: LogLine
  /** Its own time, or that of the line above that has one: a stack trace belongs to the line before it. */
  readonly time: number | null
  /** Where it begins: a scan after it goes on with the line before. */
  readonly place: LogPlace
}

export interface Scan {
  /** Newest first. */
  readonly matches: readonly Match[]
  /** Where it began. */
  readonly start: LogPlace
  /** Where it ended; null when the log was looked through to its beginning, or to `from`. */
  readonly next: LogPlace | null
  /** The earliest time that it has seen, where it did not get to the beginning. */
  readonly reached: number | null
  readonly bytes: number
  /** False when the place to begin at is no longer there. */
  readonly found: boolean
}

const partBytes = 1024 * 1024
/** Of a longer line the rest is not looked at. */
const longestLine = 64 * 1024
/** A line without a time looks so many lines up for one. */
const linesUp = 200
/** How often the files may be put aside during one scan. */
const mostReopened = 50

/** Looks for lines in one stream's log from its end to its beginning, through all its files. */
export async function scanLog(options: ScanOptions): Promise<Scan> {
  const { path, after, limit, from: earliest, goOn } = options
  const matcher = matcherOf(options)
  let segments = await LogSegments.open(path)
  try {
    let position = after ? segments.positionOf(after) : segments.end
    if (position === undefined) {
      const start = after ?? { inode: 0, offset: 0 }
      return { matches: [], start, next: null, reached: null, bytes: 0, found: false }
    }
    position = Math.min(position, segments.end)
    const start: LogPlace = { inode: segments.inode, offset: position }
    const matches: Match[] = []
    /** The rest of a line whose beginning lies before `position`. */
    let carry = Buffer.alloc(0)
    let bytes = 0
    let reached: number | null = null
    let reopened = 0
    const placeOf = (offset: number): LogPlace => ({ inode: segments.inode, offset })

    while (position > segments.begin) {
      const part = await segments.before(position, partBytes)
      if (part.punched && reopened++ < mostReopened) {
        const here = placeOf(position)
        await segments[Symbol.asyncDispose]()
        segments = await LogSegments.open(path)
        const again = segments.positionOf(here)
        if (again === undefined) break
        position = again
        continue
      }
      if (part.bytes.length === 0) break
      bytes += part.bytes.length
      position = part.from
      const whole: Buffer = carry.length === 0 ? part.bytes : Buffer.concat([part.bytes, carry])
      const lineStart = part.first ? 0 : whole.indexOf(0x0a) + 1
      const open = part.first ? 0 : lineStart === 0 ? whole.length : lineStart
      const body = whole.subarray(open)
      carry = Buffer.from(whole.subarray(0, Math.min(open, longestLine)))
      if (body.length > 0) {
        for (const match of matchesIn(body, options, matcher)) {
          matches.push({ line: match.line, time: match.time, place: placeOf(position + open + match.at) })
          if (matches.length === limit) {
            const next = matches.at(-1)?.place ?? null
            return { matches, start, next, reached: match.time, bytes, found: true }
          }
        }
        reached = firstTime(body) ?? reached
        if (earliest !== null && reached !== null && reached < earliest) {
          return { matches, start, next: null, reached: null, bytes, found: true }
        }
      }
      if (position > segments.begin && !goOn(bytes)) {
        // The line that is cut here is looked at again, from its end.
        return { matches, start, next: placeOf(position + carry.length), reached, bytes, found: true }
      }
    }
    return { matches, start, next: null, reached: null, bytes, found: true }
  } finally {
    await segments[Symbol.asyncDispose]()
  }
}

interface Matcher {
  /** False when no line of this text can match. */
  readonly may: (text: string) => boolean
  /** Where a line matches; -1 when it does not. */
  readonly at: (line: string) => number
}

function matcherOf({ text, pattern }: Pick<ScanOptions, 'text' | 'pattern'>): Matcher {
  if (pattern) {
    const expression = new RegExp(text, 'i')
    return { may: () => true, at: (line) => line.search(expression) }
  }
  const wanted = text.toLowerCase()
  return {
    may: (all) => all.toLowerCase().includes(wanted),
    at: (line) => line.toLowerCase().indexOf(wanted),
  }
}

/** Whole lines of a part that match, the last first, each with its offset in the part. */
function* matchesIn(
  body: Buffer,
  { stream, from, to }: ScanOptions,
  matcher: Matcher,
): Generator<{ readonly at: number; readonly line: LogLine; readonly time: number | null }> {
  if (!matcher.may(body.toString('utf8'))) return
  const timeAbove = timesAbove(body)
  for (const [begin, end] of linesBackward(body)) {
    const text = textOf(body, begin, end)
    const at = matcher.at(text)
    if (at < 0) continue
    const line = toLogLine(around(text, at), stream)
    const stamp = toLogLine(text, stream).at
    const time = stamp ?? timeAbove(begin)
    if ((from !== null || to !== null) && time === null) continue
    if ((from !== null && time !== null && time < from) || (to !== null && time !== null && time > to)) continue
    yield { at: begin, line: { ...line, at: stamp }, time }
  }
}

/** Begin and end of each line, the last first. */
function* linesBackward(body: Buffer): Generator<readonly [number, number]> {
  let end = body.at(-1) === 0x0a ? body.length - 1 : body.length
  for (;;) {
    const begin = end === 0 ? 0 : body.lastIndexOf(0x0a, end - 1) + 1
    yield [begin, end]
    if (begin === 0) return
    end = begin - 1
  }
}

/** The time of the line above that has one, for lines that are asked for from the last to the first. */
function timesAbove(body: Buffer): (begin: number) => number | null {
  /** What was found last, and from which line on it holds. */
  let found: { readonly from: number; readonly at: number | null } = { from: body.length, at: null }
  return (begin) => {
    if (begin > found.from) return found.at
    let up = 0
    found = { from: 0, at: null }
    if (begin === 0) return null
    for (const [from, to] of linesBackward(body.subarray(0, begin))) {
      const { at } = toLogLine(textOf(body, from, Math.min(to, from + 64)), 'out')
      if (at === null && ++up < linesUp) continue
      found = { from, at }
      break
    }
    return found.at
  }
}

function firstTime(body: Buffer): number | null {
  let begin = 0
  for (let count = 0; count < linesUp && begin < body.length; count++) {
    const { at } = toLogLine(body.toString('utf8', begin, begin + 64), 'out')
    if (at !== null) return at
    const end = body.indexOf(0x0a, begin)
    if (end < 0) return null
    begin = end + 1
  }
  return null
}

function textOf(body: Buffer, begin: number, end: number): string {
  return body.toString('utf8', begin, Math.min(end, begin + longestLine)).replaceAll('\0', '')
}

/** A line that is too long to be shown whole, cut so that what was found is in it. */
function around(text: string, at: number): string {
  if (text.length < lineCap || at < lineCap / 2) return text
  return `…${text.slice(at - lineCap / 4)}`
}
