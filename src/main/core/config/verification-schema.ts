import { checkShape } from './check-schema.ts'
import { byId, duration, id, keys, text } from './schema-leaves.ts'

/** One entry of `checks`. */
const verifiedSchema = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  of: id.optional().meta({
    description: 'The service whose ports, login and pushed figures it uses. `metric` and `pushed` need one.',
  }),
  ...checkShape,
  timeout: duration().prefault('5s').meta({ words: 'duration', description: 'How long it may take.' }),
})

/** `checks`: what a site adds to the list of checks. */
export const checksSchema = byId('checks', verifiedSchema).default({}).meta({
  description:
    'What else is checked at every start of the site and every five minutes after, besides what the console checks by itself. See [health](health.md#the-list-of-checks).',
})
