import { z } from 'zod'
import { eventSchema, idSchema } from '../vocabulary.ts'
import { eventFilterSchema } from './events.ts'
import { shownMessageSchema } from './messages.ts'
import { logLineSchema } from './services.ts'
import { type SliceName, type Slices, sliceNames } from './state.ts'

/**
 * Streams. The client grants credit, one per batch; the server sends at most that many batches and then holds back: what
 * piles up is merged or dropped as the stream's rule says, and what was dropped is counted in `skipped`.
 */
export const subscriptionSchemas = {
  /** The shown state. First batch: all of it; then changes, merged while there is no credit. Never skips. */
  state: { params: z.object({}), item: z.unknown() },
  /** Messages as they pass, at most 5,000 a batch of the newest; older ones are skipped and counted. */
  'messages.tap': {
    params: z.object({
      filter: z.string().default('#'),
      text: z.string().default(''),
      route: idSchema.optional(),
      client: z.string().max(256).optional(),
    }),
    item: shownMessageSchema,
  },
  /** Events as they are committed; when too slow the oldest are skipped (they are in `events.page`). */
  'events.tail': { params: eventFilterSchema, item: eventSchema },
  /** A service's log, followed; starts with the last `lines`. */
  'services.log': {
    params: z.object({ service: idSchema, lines: z.number().int().min(0).max(5_000) }),
    item: logLineSchema,
  },
  /** A job's log, from its beginning. */
  'jobs.log': { params: z.object({ job: z.string() }), item: z.string() },
} as const

export type Topic = keyof typeof subscriptionSchemas
export type SubscriptionParams<T extends Topic> = z.input<(typeof subscriptionSchemas)[T]['params']>
export type SubscriptionItem<T extends Topic> = T extends 'state'
  ? StateBatch
  : z.output<(typeof subscriptionSchemas)[T]['item']>

/** One batch of the `state` stream. `whole` replaces everything; otherwise entities are set, or deleted by `null`. */
export interface StateBatch {
  readonly epoch: string
  readonly revision: number
  /** The revision that this change builds on; a client that has another one asks for the whole again. */
  readonly base: number
  readonly whole: boolean
  readonly slices: { readonly [S in SliceName]?: Readonly<Record<string, Slices[S] | null>> }
}
export { sliceNames }
