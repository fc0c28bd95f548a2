import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'
import { procedure } from './procedure.ts'

const count = z.number().int()

const checkResultSchema = z.object({ at: z.number(), ok: z.boolean(), sentence: z.string(), ms: z.number() })
export type DependencyCheckResult = z.infer<typeof checkResultSchema>

/** What services call through the console, with its breaker. Slice `dependencies`, by its id. Counts since the console was started. */
export const dependencyViewSchema = z.object({
  id: idSchema,
  title: z.string(),
  /** Without user and password. */
  url: z.string(),
  /** `isolated`: held open by an operator. */
  state: z.enum(['closed', 'open', 'half-open', 'isolated']),
  since: z.number(),
  /** Why it is in this state. */
  sentence: z.string(),
  /** Why it cannot be called at all as site.yaml stands, such as a secret that is missing. */
  problem: z.string().nullable(),
  /** The rule of its breaker in words. */
  rule: z.string(),
  nextTryAt: z.number().nullable(),
  failuresInARow: count,
  underWay: count,
  concurrency: count,
  attempts: count,
  timeoutMs: z.number(),
  fallback: z.boolean(),
  users: z.array(z.object({ service: idSchema, required: z.boolean() })),
  figures: z.object({
    calls: count,
    /** How calls ended: answered by it, by the fallback, failed, given up by the caller, not allowed. */
    ends: z.object({ answered: count, fallback: count, failed: count, abandoned: count, refused: count }),
    tries: z.object({ total: count, failed: count, repeated: count }),
    /** Calls that never reached it: the breaker was open, or too many were under way. */
    kept: z.object({ open: count, busy: count }),
    perSecond: z.number(),
    /** Milliseconds until answers began. */
    p50: z.number(),
    p99: z.number(),
    lastError: z.object({ at: z.number(), sentence: z.string() }).nullable(),
  }),
  /** The newest calls that it did not answer, at most 20. Paths are without their query. */
  troubled: z.array(
    z.object({
      at: z.number(),
      requestId: z.string(),
      caller: z.string(),
      method: z.string(),
      path: z.string(),
      ms: z.number(),
      end: z.enum(['answered', 'fallback', 'failed', 'abandoned', 'refused']),
      sentence: z.string(),
    }),
  ),
  check: z.object({ what: z.string(), everyMs: z.number(), last: checkResultSchema.nullable() }).nullable(),
})
export type DependencyView = z.infer<typeof dependencyViewSchema>

const one = z.object({ dependency: idSchema })

/** Dependencies that services call through the console; their figures are the slice `dependencies`. */
export const dependenciesContract = {
  /** Keeps all calls away from it until it is reset. */
  isolate: procedure.input(one).output(z.object({})),
  /** Closes its breaker and forgets its failures. */
  reset: procedure.input(one).output(z.object({})),
  /** Asks it now how it is. */
  check: procedure.input(one).output(checkResultSchema),
}
