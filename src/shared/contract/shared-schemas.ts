import { z } from 'zod'
import { idSchema } from '../vocabulary.ts'

/** What most actions return: the job that does it. */
export const startedJobSchema = z.object({ job: z.string() })

/** What an action will touch, shown before it is done. */
export const touchSchema = z.object({
  /** "Stop api and 2 services that need it." */
  sentence: z.string(),
  services: z.array(z.object({ id: idSchema, what: z.enum(['start', 'stop', 'restart']), why: z.string() })),
  /** Routes that carry no messages meanwhile. */
  routes: z.array(z.object({ id: idSchema, why: z.string() })),
  /** What can be undone afterwards and how, one sentence. */
  undo: z.string(),
  commandLine: z.string(),
})
export type Touch = z.infer<typeof touchSchema>
