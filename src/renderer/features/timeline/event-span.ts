import type { Contract } from '#shared/contract/index.ts'
import { type EventRecord, severities } from '#shared/vocabulary.ts'
import type { z } from 'zod'

/** How many events there are over time, as the console counts them. */
export interface EventSpan {
  readonly total: number
  readonly oldest: SpanEnd | null
  readonly newest: SpanEnd | null
  readonly bucketMs: number
  readonly buckets: readonly SpanBucket[]
  readonly indexedTo: number
}
