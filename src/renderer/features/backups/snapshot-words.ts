import type { SnapshotView } from '#shared/contract/index.ts'

/** What each kind of snapshot is called. */
export const kindWords: Record<SnapshotView['kind'], string> = {
  full: 'full',
  data: 'data',
  'restore-point': 'restore point',
}

/** What it is for, in a line: the operator's note, or what it was taken before. */
export function purposeOf(snapshot: SnapshotView): string {
  if (snapshot.before !== null) return `before: ${snapshot.before}`
  return snapshot.note
}

/** What each rule of keeping is called. */
export const ruleNames = {
  last: 'Last',
  hourly: 'Hourly',
  daily: 'Daily',
  weekly: 'Weekly',
  monthly: 'Monthly',
  yearly: 'Yearly',
} as const

/** Why a snapshot stays, in a cell: the first reason, and how many more there are. */
export function keptWords(reasons: readonly string[] | undefined, goes: boolean): string {
  if (goes) return 'goes next'
  const [first, ...more] = reasons ?? []
  if (first === undefined) return ''
  const short = first
    .replace(/^kept as /, '')
    .replace(/^one of the last .*$/, 'last')
    .replace(/^the site is .*$/, 'site shrank')
    .replace(/^the /, '')
  return more.length === 0 ? short : `${short} +${more.length}`
}
