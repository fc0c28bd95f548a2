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

/** A source of values. `at`: when its answer came, for one that is asked elsewhere (wall-clock milliseconds). */
export const configLayerSchema = z.object({ kind: configSourceSchema, name: z.string(), at: z.number().nullable() })
export type ConfigLayerView = z.infer<typeof configLayerSchema>

/** A version that was in use once. */
export const configVersionSchema = z.object({
  id: z.number().int(),
  /** Since when it was in use, wall-clock milliseconds. */
  at: z.number(),
  /** What made it come about, in words. */
  why: z.string(),
  bytes: z.number(),
  inUse: z.boolean(),
})
export type ConfigVersionView = z.infer<typeof configVersionSchema>

/** A value that differs; both are null with `hidden`, and on the side where it is not there. */
export const configChangeSchema = z.object({
  path: z.string(),
  what: z.enum(['added', 'removed', 'changed']),
  before: z.unknown(),
  after: z.unknown(),
  hidden: z.boolean(),
})
export type ConfigChangeView = z.infer<typeof configChangeSchema>

/** What would become of the configuration on disk. */
export const configPlanSchema = z.object({
  /** What is wrong with it, in sentences with their place. */
  problems: z.array(z.object({ place: z.string(), message: z.string(), remedy: z.string() })),
  changes: z.array(configChangeSchema),
  /** What it touches; null when it cannot be used at all. */
  touch: z
    .object({
      sentence: z.string(),
      restarts: z.array(z.string()),
      stops: z.array(z.string()),
      added: z.array(z.string()),
      routes: z.array(z.string()),
      sections: z.array(z.string()),
    })
    .nullable(),
  /** Whether what it runs has to be trusted first. */
  trust: z.boolean(),
})
export type ConfigPlanView = z.infer<typeof configPlanSchema>

const pathSchema = z.string().min(1).max(1_000)
const versionSchema = z.number().int().positive()

/** The site's configuration: its values, where they come from, their versions. */
export const configContract = {
  /** Every value in use, at most 20,000. `layers`: what they were put together from, lowest first. */
  values: procedure.output(
    z.object({
      values: z.array(configValueSchema),
      layers: z.array(configLayerSchema),
    }),
  ),
  /** What lies on disk and is set now, against what is in use. Changes nothing. */
  plan: procedure.output(configPlanSchema),
  /** Uses what lies on disk; the job restarts the services that have to work by it, null when none has to. */
  apply: procedure.output(z.object({ job: z.string().nullable() })),
  /** Sets a value over all files; `value` is a text that becomes what site.yaml wants there. Refused with what would be wrong. */
  set: procedure.input(z.object({ path: pathSchema, value: z.string().max(64_000) })).output(z.object({})),
  /** Takes back what was set at a path and below it. */
  unset: procedure.input(z.object({ path: pathSchema })).output(z.object({})),
  /** What is in use as one document; secrets are left out, and named in `leftOut`. */
  export: procedure
    .input(z.object({ format: z.enum(['yaml', 'json', 'ini', 'env']) }))
    .output(z.object({ text: z.string(), leftOut: z.array(z.string()) })),
  /** Versions that were in use, newest first, at most 50. */
  versions: procedure.output(z.object({ versions: z.array(configVersionSchema) })),
  /** What differs between two versions, at most 2,000 values; `to` null is what is in use. */
  compare: procedure
    .input(z.object({ from: versionSchema, to: versionSchema.nullable() }))
    .output(z.object({ changes: z.array(configChangeSchema) })),
  /** Writes the files of a version as they were and uses them; null is the one that was in use last. */
  restore: procedure.input(z.object({ version: versionSchema.nullable() })).output(z.object({})),
}
