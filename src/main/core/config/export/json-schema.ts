import { z } from 'zod'
import { siteSchema } from '../site-schema.ts'

/**
 * The schema of site.yaml as JSON Schema (draft 2020-12), for editors: put `# yaml-language-server: $schema=site.schema.json` into the first line
 * of a site.yaml. `docs/site.schema.json` is exactly this. It knows keys, types, ranges and defaults; rules that look at more than one value are the console's own.
 */
export function siteJsonSchema(): string {
  const schema = z.toJSONSchema(siteSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.words
      delete jsonSchema.later
    },
  })
  const document = { $schema: schema.$schema, title: 'site.yaml of Wheelhouse', ...schema }
  return `${JSON.stringify(document, null, 2)}\n`
}
