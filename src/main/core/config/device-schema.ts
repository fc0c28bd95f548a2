import { z } from 'zod'
import { expectation } from './expectation.ts'
import { byId, duration, id, keys, text, toggle, whole } from './schema-leaves.ts'

const limit = z.number({ error: expectation('value-wrong-type', 'a number') })

const figure = z.union(
  [
    text('a CEL expression').transform((value) => ({ value, unit: undefined, below: undefined, above: undefined })),
    keys({
      value: text('a CEL expression').meta({
        description: 'CEL expression that gives a number, a text, or yes or no.',
      }),
      unit: text('a unit such as `%`').optional().meta({ description: 'Shown behind it.' }),
      below: limit.optional().meta({ words: 'number', description: 'Below this it is a warning.' }),
      above: limit.optional().meta({ words: 'number', description: 'Above this it is a warning.' }),
    }),
  ],
  { error: expectation('value-wrong-type', 'a CEL expression, or a map with `value`, `unit`, `below`, `above`') },
)

/** One entry of `devices`: a device, or a family of them. */
export const deviceSchema = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  topic: z
    .union([text('a topic filter'), z.array(text('a topic filter')).min(1).max(10)], {
      error: expectation('value-wrong-type', 'a topic filter, or a list of at most 10 of them'),
    })
    .optional()
    .meta({
      words: 'text or list',
      description:
        'Topic filters of what it sends. With the level `{id}` it is a family: each value of that level is a device.',
    }),
  broker: id.optional().meta({
    description: 'The broker at which it is heard. Without it the first of the site.',
  }),
  sparkplug: text('the id of a Sparkplug group').optional().meta({
    description:
      'Instead of `topic`: the edge nodes and devices of this Sparkplug B group, told by their births and deaths.',
  }),
  online: keys({
    topic: text('a topic').meta({
      description: 'Where it, or its last will, says whether it is there; with `{id}` for a family.',
    }),
    value: text('a CEL expression')
      .optional()
      .meta({ description: 'What of the payload says it, such as `payload.state`. Without it the payload as it is.' }),
    online: text().default('online').meta({ description: 'What it says when it is there.' }),
    offline: text().default('offline').meta({ description: 'What it, or its last will, says when it is not.' }),
  })
    .optional()
    .meta({ description: 'Its availability topic, as in Home Assistant; retained or not.' }),
  'silent-after': duration().optional().meta({
    words: 'duration',
    description: 'Without a message for so long it is silent. Without it never.',
  }),
  required: toggle().prefault(false).meta({
    description: 'The site is not well while it is silent or offline. Others only stand out.',
  }),
  client: text('an MQTT client id such as `desk-{id}`').optional().meta({
    description:
      'Its client id at the embedded broker, with `{id}` for a family. Without it the client whose last will goes to `online.topic`, or whose id is its own.',
  }),
  figures: z
    .record(id, figure, { error: expectation('value-wrong-type', 'a map from names to CEL expressions') })
    .refine((map) => Object.keys(map).length <= 12, { error: expectation('too-many', 'a map of at most 12 figures') })
    .default({})
    .meta({
      words: 'map',
      description:
        'What its payloads tell: CEL expressions by name, or maps with `value`, `unit`, `below` and `above`, which warn.',
    }),
  most: whole(1, 5_000)
    .default(500)
    .meta({ description: 'Most devices of the family that are kept; further ones are counted.' }),
})

export const devicesSchema = byId('devices', deviceSchema).default({})

export type DeviceEntry = z.output<typeof deviceSchema>
