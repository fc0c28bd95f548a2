import { z } from 'zod'

/** The words of the product, as data. One word per thing, in code and on screen. */

/** Ids of services, routes, channels, policies: what `site.yaml` uses as map keys. */
export const idSchema = z.string().regex(/^[a-z][a-z0-9-]*$/)

export const healthSchema = z.enum(['healthy', 'degraded', 'unhealthy', 'unknown'])
export type Health = z.infer<typeof healthSchema>

export const severitySchema = z.enum(['info', 'notice', 'warning', 'error', 'critical'])
export type Severity = z.infer<typeof severitySchema>

/** Severities from least to most severe, for comparing and sorting. */
export const severities: readonly Severity[] = severitySchema.options

/** Who or what made something happen. Nothing happens without one. */
export const causeSchema = z.discriminatedUnion('type', [
  /** Another event. */
  z.object({ type: z.literal('event'), id: z.string() }),
  /** A person, through a host. */
  z.object({ type: z.literal('operator'), via: z.enum(['window', 'browser', 'command line', 'tray']) }),
  /** A schedule of the site or of the console. */
  z.object({ type: z.literal('schedule'), name: z.string() }),
  /** The console itself, when it opened or closed the site. */
  z.object({ type: z.literal('console'), why: z.string() }),
  /** Something seen outside the console's control: a probe's result, an exit, a change on disk. */
  z.object({ type: z.literal('observation'), what: z.string() }),
])
export type Cause = z.infer<typeof causeSchema>

/** Anything that happened. `seq` orders events for ever; `at` is for reading, and may jump with the clock. */
export const eventSchema = z.object({
  id: z.string(),
  seq: z.number().int(),
  /** Wall-clock milliseconds, UTC. */
  at: z.number(),
  /** Past tense, `area.what-happened`: `service.exited`, `backup.completed`. */
  kind: z.string(),
  /** What it happened to: `service:api`, `route:desk-presence`, `site`, `job:jb-…`. */
  subject: z.string(),
  severity: severitySchema,
  /** The sentence shown to the operator. */
  message: z.string(),
  cause: causeSchema,
  /** The operation (job or operator action) that it belongs to, if any. */
  operation: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})
export type EventRecord = z.infer<typeof eventSchema>

/** What a service is doing, as its supervisor sees it. Health is told separately. */
export const serviceStateSchema = z.enum([
  /** Not running, and not wanted to. */
  'stopped',
  /** Wanted, but something that it needs is not there yet. */
  'waiting',
  /** Started, startup probe not yet passed. */
  'starting',
  /** Running; dependents that need `started` may go on. */
  'running',
  /** Asked to stop. */
  'stopping',
  /** Exited unasked; will be started again after a pause. */
  'backing-off',
  /** Given up, with a reason; a person must act. */
  'failed',
  /** Ran to its end as it should (one-shot services). */
  'completed',
  /** Observed only: somebody else runs it. */
  'external',
])
export type ServiceState = z.infer<typeof serviceStateSchema>

export const serviceKindSchema = z.enum(['node', 'process', 'builtin', 'external'])
export type ServiceKind = z.infer<typeof serviceKindSchema>

export const needConditionSchema = z.enum(['started', 'ready', 'healthy', 'completed'])
export type NeedCondition = z.infer<typeof needConditionSchema>
