import { z } from 'zod'
import { environmentNameSchema } from '#shared/environment.ts'
import { idSchema } from '#shared/vocabulary.ts'

/** What a start of the console is told, whichever way it was started. */
export const launchSchema = z.object({
  /** Absolute folder of the site; null: the one that was open last, or the sample. */
  site: z.string().nullable(),
  /** Null: the usual one, production where the app is installed, development in a checkout. */
  environment: environmentNameSchema.nullable(),
  /** Services that are started, with what they need; empty: all. */
  only: z.array(idSchema),
  /** Services that are left out, with what needs them. */
  without: z.array(idSchema),
  /** Whether the console is to run without a window. */
  headless: z.boolean(),
  /** Whether the site's services are started. */
  start: z.boolean(),
  /** Port of the page where it is served; 0: a free one. */
  port: z.number().int().min(0).max(65_535),
  /** Address that the page is served on. */
  host: z.string(),
  /** What becomes of the services when the console without a window stops. */
  onExit: z.enum(['stop', 'leave']),
  /** Whether the address is printed as one line of JSON. */
  json: z.boolean(),
  /** Whether each step of the start is told at the terminal. */
  follow: z.boolean(),
})
export type Launch = z.infer<typeof launchSchema>

/** A start that asks for nothing. */
export const plainLaunch: Launch = {
  site: null,
  environment: null,
  only: [],
  without: [],
  headless: false,
  start: true,
  port: 0,
  host: '127.0.0.1',
  onExit: 'stop',
  json: false,
  follow: false,
}
