import type { z } from 'zod'
import { duration, id, keys, text } from '../schema-leaves.ts'

/** `sources`: where values come from besides files. Only site.yaml itself may have it. */
export const sourcesSchema = keys({
  http: keys({
    url: text('an address').meta({
      description: 'Address of a YAML or JSON document: `https://…`, or `http://` on this machine.',
    }),
    token: text('`${secrets.NAME}`')
      .optional()
      .meta({ description: 'Sent as `Authorization: Bearer …`: `${secrets.NAME}`, with the value kept as a secret.' }),
    every: duration().prefault('1m').meta({ words: 'duration', description: 'How often it is asked, `5s` to `1d`.' }),
    within: duration()
      .prefault('10s')
      .meta({ words: 'duration', description: 'How long an answer may take, up to `1m`.' }),
  })
    .optional()
    .meta({ description: 'A document that is asked for over HTTP and laid over the environment.' }),
  database: keys({
    of: id.meta({ description: 'The service of `use: database` whose database it is.' }),
    table: text('the name of a table').meta({
      description:
        'A table with the columns `key` (`services.api.env.LOG`) and `value`; `schema.table` where it has to be.',
    }),
    every: duration().prefault('1m').meta({ words: 'duration', description: 'How often it is read, `5s` to `1d`.' }),
  })
    .optional()
    .meta({ description: 'A table of one of the site’s databases, laid over what the HTTP server says.' }),
})

export type SourcesEntry = z.output<typeof sourcesSchema>
