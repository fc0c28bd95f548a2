import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, text } from './schema-leaves.ts'

/** `map` of a route as a function of the site's own. */
export const routeFunction = keys({
  function: text('a path such as `functions/desk.mjs`').meta({ description: 'The file, relative to the release.' }),
  export: text('the name of an export')
    .default('default')
    .meta({ description: 'Which of its exports is the function.' }),
  timeout: duration().prefault('1s').meta({ words: 'duration', description: 'How long it may take for one message.' }),
  payload: z
    .enum(['json', 'text', 'bytes'], { error: expectation('value-unknown', '`json`, `text` or `bytes`') })
    .default('json')
    .meta({ description: 'How it is given the payload.' }),
})
