import type { LimitDefinition } from '#core/config/index.ts'

export type LimitName = 'memory' | 'cpu' | 'processes' | 'open-files'

/** How a service stands to one limit. */
export interface LimitStanding {
  readonly over: boolean
  /** Since when it is the other way round, monotonic milliseconds; null while it is not. */
  readonly since: number | null
}

export const withinLimit: LimitStanding = { over: false, since: null }

/** A limit counts as kept again when less than this share of it is used, so that nothing swings around it. */
export const releaseShare = 0.9

/**
 * The standing after a sample: over once every sample for `forMs` was above the limit, within again once every one for as long
 * was below nine tenths of it.
 */
export function standing(
  before: LimitStanding,
  {
    value,
    most,
    now,
    forMs,
  }: { readonly value: number; readonly most: number; readonly now: number; readonly forMs: number },
): LimitStanding {
  const turns = before.over ? value < most * releaseShare : value > most
  if (!turns) return before.since === null ? before : { over: before.over, since: null }
  const since = before.since ?? now
  return now - since >= forMs ? { over: !before.over, since: null } : { over: before.over, since }
}

/** The limits that are set, in a fixed order. */
export function limitsOf(
  limits: LimitDefinition | null,
): readonly { readonly what: LimitName; readonly most: number }[] {
  if (!limits) return []
  const { memory, cpu, processes, openFiles } = limits
  const all = [
    { what: 'memory', most: memory },
    { what: 'cpu', most: cpu },
    { what: 'processes', most: processes },
    { what: 'open-files', most: openFiles },
  ] as const
  return all.flatMap(({ what, most }) => (most === null ? [] : [{ what, most }]))
}

/** An amount as it is read: `612 MB of memory`, `180 % of one core`. Powers of 1024, as site.yaml counts. */
export function amountWords(what: LimitName, value: number): string {
  switch (what) {
    case 'memory':
      return `${sizeWords(value)} of memory`
    case 'cpu':
      return `${Math.round(value)} % of one core`
    case 'processes':
      return value === 1 ? '1 process' : `${value} processes`
    case 'open-files':
      return value === 1 ? '1 open file' : `${value} open files`
  }
}

function sizeWords(bytes: number): string {
  const megabytes = bytes / 1024 ** 2
  if (megabytes >= 1024) return `${(megabytes / 1024).toFixed(1)} GB`
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`
}
