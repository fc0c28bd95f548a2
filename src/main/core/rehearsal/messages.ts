import { z } from 'zod'
import { rehearsedServiceSchema } from '#shared/contract/rehearsals.ts'
import { problemSchema } from '#shared/problem.ts'

/** What the console and its sandbox say to each other, one JSON line each. */

/** The first line: what to open, beside which live site. */
export const helloSchema = z.object({
  /** Folder of the sandbox. */
  folder: z.string(),
  live: z.object({
    directory: z.string(),
    /** The user's data folder with what is trusted and the secrets. */
    userData: z.string(),
    /** The console's own sample needs no trust. */
    sample: z.boolean(),
    profile: z.string().nullable(),
    /** Ports that the live site has, whether somebody listens there or not. */
    ports: z.array(z.number().int()),
  }),
  healthyWithinMs: z.number(),
})
export type Hello = z.infer<typeof helloSchema>

export const toSandbox = z.discriminatedUnion('type', [
  /** Stop the services as they are stopped on site, close, and end. */
  z.object({ type: z.literal('stop') }),
])

export const fromSandbox = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('planned'),
    services: z.array(z.object({ id: z.string(), title: z.string(), left: z.string().nullable() })),
    notes: z.array(z.string()),
  }),
  z.object({ type: z.literal('progress'), done: z.number(), total: z.number() }),
  /** Every service has arrived, or will not. `ms` from opening the restored site. */
  z.object({ type: z.literal('started'), ms: z.number() }),
  z.object({
    type: z.literal('checked'),
    /** Milliseconds from opening the restored site until it was healthy; null when it was not in time. */
    healthyMs: z.number().nullable(),
    services: z.array(rehearsedServiceSchema),
    checks: z.object({ sentence: z.string(), faults: z.array(z.string()) }).nullable(),
  }),
  z.object({ type: z.literal('stopped') }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
])
export type FromSandbox = z.infer<typeof fromSandbox>
export type Planned = Extract<FromSandbox, { type: 'planned' }>
export type Checked = Extract<FromSandbox, { type: 'checked' }>
