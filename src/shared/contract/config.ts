import { z } from 'zod'
import { procedure } from './procedure.ts'

/** Where a value comes from; the later ones win. */
export const configSourceSchema = z.enum([
  'default',
  'site-file',
  'include',
  'profile',
  'environment',
  'http',
  'database',
  'override',
])
export type ConfigSource = z.infer<typeof configSourceSchema>

/** One value in use and where it comes from. */
export const configValueSchema = z.object({
  /** `services.api.env.LOG`. */
  path: z.string(),
  /** As it is written; null with `hidden`. */
  value: z.unknown(),
  /** It is named like a secret, or an address with a log-in, and is not shown. */
  hidden: z.boolean(),
  kind: configSourceSchema,
  /** `site.yaml`, `conf/lab.ini`, `profile development`, `default`. */
  source: z.string(),
  file: z.string().nullable(),
  line: z.number().nullable(),
})
export type ConfigValueView = z.infer<typeof configValueSchema>

/** The site's configuration: its values, where they come from, their versions. */
export const configContract = {
  /** Every value in use, at most 20,000. `layers`: what they were put together from, lowest first. */
  values: procedure.output(
    z.object({
      values: z.array(configValueSchema),
      layers: z.array(z.object({ kind: configSourceSchema, name: z.string() })),
    }),
  ),
}
