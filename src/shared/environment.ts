import { z } from 'zod'

/** What the console is run for. What each changes is the table in `src/main/core/environment.ts`. */
export const environmentNames = ['development', 'production', 'testing'] as const
export const environmentNameSchema = z.enum(environmentNames)
export type EnvironmentName = z.infer<typeof environmentNameSchema>

/** A service that this start of the console leaves out, and why. */
export const leftOutSchema = z.object({ service: z.string(), why: z.string() })
export type LeftOut = z.infer<typeof leftOutSchema>
