import type { Connection } from '#shared/client/index.ts'
import { type Severity, severities } from '#shared/vocabulary.ts'

/** How many events there are over time, as the console counts them. */
export type EventSpan = Awaited<ReturnType<Connection['calls']['events']['span']>>
export type SpanBucket = EventSpan['buckets'][number]

/** Severities as they are drawn: three marks. */
export const grades = ['quiet', 'warning', 'severe'] as const
export type Grade = (typeof grades)[number]

export function gradeOf(severity: Severity): Grade {
  switch (severity) {
    case 'info':
    case 'notice':
      return 'quiet'
    case 'warning':
      return 'warning'
    case 'error':
    case 'critical':
      return 'severe'
  }
}

/** A bucket's counts as they are drawn. */
export function gradesOf(counts: readonly number[]): Readonly<Record<Grade, number>> {
  const sums = { quiet: 0, warning: 0, severe: 0 }
  for (const [index, severity] of severities.entries()) sums[gradeOf(severity)] += counts[index] ?? 0
  return sums
}

export function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
