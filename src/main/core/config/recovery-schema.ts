import { z } from 'zod'
import { expectation } from './expectation.ts'
import { byId, duration, id, keys, text, toggle, whole } from './schema-leaves.ts'

const conditions = ['service.unhealthy', 'service.failed', 'service.degraded', 'site.failing'] as const
const conditionWords = conditions.map((word) => `\`${word}\``).join(', ')

const policy = keys({
  on: toggle().prefault(true).meta({ description: 'Whether it acts. `recovery: { ID: off }` is short for this.' }),
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  when: z
    .enum(conditions, { error: expectation('value-unknown', `one of ${conditionWords}`) })
    .optional()
    .meta({
      description:
        'Acts on health. `unhealthy` counts what restarts did not cure: a service that has failed, or runs and is unhealthy. `site.failing`: at least half of the services, and two.',
    }),
  metric: text('a CEL condition such as `fps < 5`')
    .optional()
    .meta({ description: 'Acts on figures that the services in `of` push: CEL condition on their names.' }),
  machine: text('a CEL condition such as `memory > 90`').optional().meta({
    description: 'Acts on the machine: CEL condition on `memory`, `disk`, `cpu` (per cent) and `temperature`.',
  }),
  event: text('a kind of event such as `database.damaged`')
    .optional()
    .meta({ description: 'Acts on an event of this kind, for at most an hour after it.' }),
  of: z
    .union([id, z.array(id).min(1)], {
      error: expectation('value-wrong-type', 'the id of a service, a list of them, or `all`'),
    })
    .optional()
    .meta({
      words: 'id, list or `all`',
      description:
        'The services that it is about. Without it all that the console runs; for `event` the service that the event is about.',
    }),
  for: duration()
    .prefault('30s')
    .meta({ words: 'duration', description: 'The condition must hold for this long without a break.' }),
  do: z
    .array(z.union([z.string(), z.looseObject({})]), {
      error: expectation('value-wrong-type', 'a list of steps such as `[ restart, call-operator ]`'),
    })
    .min(1, { error: expectation('value-empty', 'a list of at least one step') })
    .max(20, { error: expectation('too-many', 'a list of at most 20 steps') })
    .optional()
    .meta({
      description:
        'Steps, climbed in order while the condition holds: `restart`, `restart-with-dependents`, `reset-state: [paths]`, `reset-corrupt: [paths]`, `clear-cache: [paths]`, `reconnect`, `restore-database`, `run: command` (with `within`, without it 1m), `recover-site`, `call-operator`. Paths are below `data/`; `${service}` in them is the id of the service.',
    }),
  backoff: keys({
    first: duration().prefault('20s').meta({ words: 'duration', description: 'Pause after the first step.' }),
    factor: z
      .number({ error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .min(1, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .max(10, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .default(2)
      .meta({ description: 'Each pause is this many times the one before.' }),
    cap: duration().prefault('5m').meta({ words: 'duration', description: 'No pause is longer.' }),
  })
    .prefault({})
    .meta({ description: 'Pauses between steps, in which the condition may pass.' }),
  'per-day': whole(1, 1_000).default(10).meta({ description: 'At most so many steps on one subject within 24 hours.' }),
  'cool-down': duration().prefault('5m').meta({
    words: 'duration',
    description:
      'Rest after a recovery before the next of the same subject, and before a whole ladder is climbed again.',
  }),
})

/** `recovery` of site.yaml. */
export const recoverySchema = byId('recovery policies', policy)
  .default({})
  .meta({ description: 'What the console does by itself about trouble that restarts do not cure.' })

export type PolicyEntry = z.output<typeof policy>
