import { z } from 'zod'

/** One thing that was looked at or done while a site was opened and started. */
export const startupLineSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(['running', 'passed', 'done', 'warned', 'failed', 'skipped']),
  /** What was found or done, one sentence. */
  sentence: z.string(),
})
export type StartupLine = z.infer<typeof startupLineSchema>

export const startupStepSchema = z.object({
  id: z.enum(['pre-flight', 'clean-up', 'configuration', 'services', 'verification']),
  title: z.string(),
  state: z.enum(['pending', 'running', 'done', 'warned', 'failed', 'skipped']),
  sentence: z.string(),
  ms: z.number().nullable(),
  lines: z.array(startupLineSchema),
})
export type StartupStep = z.infer<typeof startupStepSchema>

/** How the site that is open was opened and started, as it happens. Slice `startup`, the one id `startup`; absent before the first site. */
export const startupViewSchema = z.object({
  at: z.number(),
  /** When all of it was over; null while it goes on, or waits for somebody. */
  endedAt: z.number().nullable(),
  state: z.enum(['running', 'waiting', 'done', 'warned', 'failed']),
  sentence: z.string(),
  steps: z.array(startupStepSchema),
})
export type StartupView = z.infer<typeof startupViewSchema>
