import { type EventSpan, type Grade, gradesOf, totalOf } from './event-span.ts'
import type { TimeScale } from './time-scale.ts'

/** The outlines of all bars of one kind, as path data for an SVG. */
export interface Bars {
  readonly quiet: string
  readonly warning: string
  readonly severe: string
  /** What the highest bar stands for. */
  readonly most: number
}

/** A mark above the bars: the gravest of what happened there. */
export interface BarMark {
  readonly x: number
  readonly grade: Exclude<Grade, 'quiet'>
}

/** However few, what is grave can be seen. Pixels. */
const least = 2.5
const gap = 1

/**
 * The bars of a span on a scale, stacked by severity from the base line at `height` upwards. Heights go by the square root of the
 * counts: a flood does not flatten everything else.
 */
export function spanBars(span: EventSpan, scale: TimeScale, height: number): Bars {
  const most = span.buckets.reduce((high, { counts }) => Math.max(high, totalOf(counts)), 0)
  const paths = { quiet: '', warning: '', severe: '' }
  for (const { left, right, counts } of placed(span, scale)) {
    const total = totalOf(counts)
    if (total === 0) continue
    const grades = gradesOf(counts)
    const whole = Math.sqrt(total / most) * height
    const warning = grades.warning === 0 ? 0 : Math.max(least, (whole * grades.warning) / total)
    const severe = grades.severe === 0 ? 0 : Math.max(least, (whole * grades.severe) / total)
    const quiet = grades.quiet === 0 ? 0 : Math.max(least, whole - warning - severe)
    const width = round(Math.max(1, right - left - gap))
    const box = (from: number, to: number) =>
      to === from
        ? ''
        : `M${round(left)} ${round(height - from)}V${round(height - to)}h${width}V${round(height - from)}z`
    paths.quiet += box(0, quiet)
    paths.warning += box(quiet, quiet + warning)
    paths.severe += box(quiet + warning, quiet + warning + severe)
  }
  return { ...paths, most }
}

/** Of more marks than this only the gravest stay: a row without a gap tells nothing. */
const mostMarks = 30

/** Marks of what is grave, at most one for each `room` pixels: the gravest, and of equals the one that stands for most. */
export function barMarks(span: EventSpan, scale: TimeScale, room = 14): readonly BarMark[] {
  const marks = new Map<number, CountedMark>()
  for (const { left, right, counts } of placed(span, scale)) {
    const grades = gradesOf(counts)
    const grade = grades.severe > 0 ? 'severe' : grades.warning > 0 ? 'warning' : null
    if (!grade) continue
    const cell = Math.floor(Math.min(scale.width - 1, Math.max(0, (left + right) / 2)) / room)
    const mark: CountedMark = {
      x: (cell + 0.5) * room,
      grade,
      many: grade === 'severe' ? grades.severe : grades.warning,
    }
    const known = marks.get(cell)
    if (!known || gravest(mark, known) < 0) marks.set(cell, mark)
  }
  return [...marks.values()]
    .sort(gravest)
    .slice(0, mostMarks)
    .map(({ x, grade }): BarMark => ({ x, grade }))
}

interface CountedMark extends BarMark {
  readonly many: number
}

function gravest(a: CountedMark, b: CountedMark): number {
  if (a.grade !== b.grade) return a.grade === 'severe' ? -1 : 1
  return b.many - a.many
}

/** The buckets of a span, which may be counted a moment after the one that the scale was made of, in their places. */
function placed(span: EventSpan, scale: TimeScale) {
  return span.buckets.map(({ at, counts }) => {
    const left = scale.xOfTime(at)
    return { left, right: Math.max(left + 1, scale.xOfTime(at + span.bucketMs - 1)), counts }
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
