import { z } from 'zod'
import type { EventFilter } from '#shared/event-filter.ts'
import { severitySchema } from '#shared/vocabulary.ts'

/** A stretch of the log by its sequences, both ends included. */
export interface SeqRange {
  readonly from: number
  readonly to: number
}

export const filterNames = ['text', 'subject', 'kind', 'atLeast', 'operation'] as const
const words = ['subject', 'kind', 'text', 'operation'] as const
const severity = z.optional(severitySchema).catch(undefined)

/** Reads the filter from the address, where it can be shared; what makes no sense is left out. */
export function filterOf(params: URLSearchParams): EventFilter {
  const atLeast = severity.parse(params.get('atLeast') ?? undefined)
  const given = words.flatMap((name) => {
    const value = params.get(name)?.trim()
    return value ? [[name, value] as const] : []
  })
  return { ...Object.fromEntries(given), ...(atLeast && { atLeast }) }
}

/** Reads the selected span from the address: `span=120-4711`. */
export function rangeOf(params: URLSearchParams): SeqRange | null {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(params.get('span') ?? '') ?? []
  if (from === undefined || to === undefined || Number(from) > Number(to)) return null
  return { from: Number(from), to: Number(to) }
}

/** A span between two sequences in either order. */
export function rangeBetween(a: number, b: number): SeqRange {
  return { from: Math.min(a, b), to: Math.max(a, b) }
}
