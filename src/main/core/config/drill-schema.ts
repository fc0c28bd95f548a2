import { z } from 'zod'
import { expectation } from './expectation.ts'
import { cron, duration, id, keys, text } from './schema-leaves.ts'

/** What a drill can do to a service. */
export const drillDeeds = ['kill', 'freeze', 'cut-broker', 'corrupt-database'] as const

/** One entry of `drills`. */
export const drillSchema = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it made of what it does.' }),
  do: z
    .enum(drillDeeds, {
      error: expectation('value-unknown', '`kill`, `freeze`, `cut-broker` or `corrupt-database`'),
    })
    .meta({
      description:
        '`kill`: SIGKILL to its process. `freeze`: SIGSTOP to it and everything that it started. `cut-broker`: the embedded broker ends without a word, with all its connections. `corrupt-database`: pages of the SQLite file are overwritten after a checked copy was taken.',
    }),
  of: id.meta({
    description:
      'The service. `kill` and `freeze`: one of kind `node` or `process` that goes on running; `cut-broker`: `use: broker`; `corrupt-database`: `use: database` with `sqlite`.',
  }),
  schedule: cron().optional().meta({
    words: 'cron',
    description: 'When it is done by itself, in the site’s zone. Without it only on request.',
  }),
  within: duration()
    .prefault('2m')
    .meta({ words: 'duration', description: 'The service must be healthy again within this time, from 1s to 1h.' }),
})

export type DrillEntry = z.output<typeof drillSchema>
