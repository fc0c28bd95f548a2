import { z } from 'zod'

/** What a console does with its backups, once, after it has opened them and recovered what was in flight. */
export const acts = ['open', 'back up', 'verify', 'prune', 'restore', 'undo'] as const
export type Act = (typeof acts)[number]

/** Where a site, its backups and the console's store lie. */
export interface Place {
  readonly site: string
  readonly folder: string
  /** The console's store: apart, so that a disk that fails is the site's and the repository's. */
  readonly own: string
}

export const actRequestSchema = z.object({
  act: z.enum(acts),
  site: z.string(),
  folder: z.string(),
  own: z.string(),
  /** The Node that runs helpers. */
  node: z.string(),
  /** Whether the disk may fail from here on: while the console opens and recovers, or only in the act itself. */
  peril: z.enum(['none', 'opening', 'act']),
})
export type ActRequest = z.infer<typeof actRequestSchema>

export const actAnswerSchema = z.object({
  state: z.enum(['completed', 'failed', 'cancelled', 'refused']),
  /** What the operator is told of the act, and of what was found at the opening. */
  sentences: z.array(z.string()),
  /** The snapshot that a backup has acknowledged. */
  snapshot: z.string().nullable(),
  /** Exceptions that nobody took. */
  uncaught: z.array(z.string()),
})
export type ActAnswer = z.infer<typeof actAnswerSchema>
