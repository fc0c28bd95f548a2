import { z } from 'zod'
import { type Severity, severitySchema } from '#shared/vocabulary.ts'

/** What of the timeline is shown. Lives in the address, so that it can be shared. */
export interface EventFilter {
  readonly subject?: string
  readonly kind?: string
  readonly atLeast?: Severity
  readonly text?: string
  /** A job's or an action's id. */
  readonly operation?: string
}

const names = ['subject', 'kind', 'text', 'operation'] as const
const severity = z.optional(severitySchema).catch(undefined)

/** Reads the filter from the address; what makes no sense is left out. */
export function filterOf(params: URLSearchParams): EventFilter {
  const atLeast = severity.parse(params.get('atLeast') ?? undefined)
  const words = names.flatMap((name) => {
    const value = params.get(name)?.trim()
    return value ? [[name, value] as const] : []
  })
  return { ...Object.fromEntries(words), ...(atLeast && { atLeast }) }
}
