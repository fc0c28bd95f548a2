import { createHash } from 'node:crypto'
import { z } from 'zod'

/** A value that was set on screen or by `config set`. */
export const overrideSchema = z.object({
  path: z.array(z.string().max(200)).min(1).max(16),
  value: z.unknown(),
  /** Wall-clock milliseconds. */
  at: z.number(),
})
export type Override = z.infer<typeof overrideSchema>

/** What a version of the configuration is made of: the texts of its files and what was set. */
export const sourcesSchema = z.object({
  site: z.string(),
  /** Texts of the included files, by the names that `include` gives them. */
  includes: z.record(z.string(), z.string()),
  overrides: z.array(overrideSchema),
  profile: z.string().nullable(),
})
export type ConfigSources = z.infer<typeof sourcesSchema>

/** Names a version by what it says: the same sources have the same digest, whenever they were set. Hex. */
export function digestOf({ site, includes, overrides, profile }: ConfigSources): string {
  const said = [
    site,
    Object.entries(includes).sort(([one], [other]) => (one < other ? -1 : 1)),
    overrides.map(({ path, value }) => JSON.stringify([path, value])).toSorted(),
    profile,
  ]
  return createHash('sha256').update(JSON.stringify(said)).digest('hex')
}
