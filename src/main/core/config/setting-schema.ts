import { z } from 'zod'
import { expectation } from './expectation.ts'
import { keys, text, toggle } from './schema-leaves.ts'

export const settingTypes = ['text', 'number', 'whole', 'switch', 'duration', 'size'] as const

const number = z.number({ error: expectation('value-wrong-type', 'a number') })

/** A value of one of these kinds. Not a union: what is wrong with it is one thing, and editors show `words`. */
function plain(what: string, kinds: readonly string[]) {
  return z.custom<string | number | boolean>((value) => kinds.includes(typeof value), {
    error: expectation('value-wrong-type', what),
  })
}

/** A value of the site's own, with what it must be. */
export const settingSchema = keys({
  value: plain('a text, a number, `true` or `false`', ['string', 'number', 'boolean'])
    .optional()
    .meta({ words: 'text, number, or `on` or `off`', description: 'What it is, unless a later layer says otherwise.' }),
  type: z
    .enum(settingTypes, {
      error: expectation('value-unknown', '`text`, `number`, `whole`, `switch`, `duration` or `size`'),
    })
    .default('text')
    .meta({ description: 'What kind of value it must be.' }),
  from: number
    .optional()
    .meta({ words: 'number', description: '`number` and `whole` only: the least that it may be.' }),
  to: number.optional().meta({ words: 'number', description: '`number` and `whole` only: the most that it may be.' }),
  pattern: text('a regular expression')
    .max(500, { error: expectation('value-wrong', 'a regular expression of at most 500 characters') })
    .optional()
    .meta({ description: '`text` only: a regular expression that all of it must match.' }),
  check: text('a CEL condition')
    .max(1_000, { error: expectation('value-wrong', 'a CEL condition of at most 1,000 characters') })
    .optional()
    .meta({
      words: 'CEL',
      description: 'A condition over `value` that must hold. A duration is its milliseconds there, a size its bytes.',
    }),
  says: text().optional().meta({ description: 'What is said when `check` does not hold.' }),
  'one-of': z
    .array(plain('a text or a number', ['string', 'number']), {
      error: expectation('value-wrong-type', 'a list of values'),
    })
    .min(1, { error: expectation('value-empty', 'a list of at least one value') })
    .optional()
    .meta({ words: 'list', description: 'The values that it may be.' }),
  required: toggle()
    .prefault(false)
    .meta({ description: 'Whether it must have a value. Without one it is an empty text.' }),
  description: text().optional().meta({ description: 'What it is for.' }),
})
export type SettingEntry = z.output<typeof settingSchema>
