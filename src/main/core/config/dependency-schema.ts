import { z } from 'zod'
import { expectation } from './expectation.ts'
import { byId, duration, id, keys, size, text, toggle, whole } from './schema-leaves.ts'

const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')

const share = z
  .string({ error: expectation('value-wrong-type', 'a percentage such as `50%`') })
  .regex(/^(100|[1-9]\d?)%$/, { error: expectation('number-out-of-range', 'a percentage from `1%` to `100%`') })
  .transform((value) => Number(value.slice(0, -1)) / 100)

const failureError = {
  error: expectation('value-unknown', '`network`, `timeout`, a status such as 429, or a kind of status such as `5xx`'),
}
const failure = z.union(
  [
    z.string(failureError).regex(/^(network|timeout|[1-5]xx)$/, failureError),
    z.number(failureError).int(failureError).min(100, failureError).max(599, failureError),
  ],
  failureError,
)

const breaker = keys({
  failures: whole(1, 1000).optional().meta({
    description: 'Opens after so many failures in a row. Without it and without `rate`: 5.',
  }),
  rate: share.optional().meta({
    words: 'percentage',
    description: 'Instead of `failures`: opens when this share of the calls within `window` has failed.',
  }),
  window: duration()
    .optional()
    .meta({ words: 'duration', description: '`rate` only: over this time. Without it `10s`.' }),
  minimum: whole(1, 100_000)
    .optional()
    .meta({ description: '`rate` only: with fewer calls within `window` it does not open. Without it 20.' }),
  open: duration()
    .prefault('30s')
    .meta({ words: 'duration', description: 'How long it stays open until calls are tried again.' }),
  successes: whole(1, 100).default(2).meta({
    description: 'So many tried calls must succeed until it closes; no more than are missing are under way at once.',
  }),
})

/** One entry of `dependencies`. Numbers after the mission's D1 and D5. */
export const dependencySchema = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  url: text('an address such as `https://api.example.com/v1`').meta({
    words: 'address',
    description:
      'Where it is: `http` or `https`, host, port and the path below which everything lies. Calls never lead out of it.',
  }),
  timeout: duration().prefault('30s').meta({
    words: 'duration',
    description: 'How long one try may take until its answer begins, and how long the answer may pause.',
  }),
  longest: duration()
    .prefault('5m')
    .meta({ words: 'duration', description: 'How long one try may take with the whole of its answer.' }),
  attempts: whole(1, 20).default(3).meta({ description: 'Tries of one call in all.' }),
  repeat: z
    .enum(['idempotent', 'all'], { error: expectation('value-unknown', '`idempotent` or `all`') })
    .default('idempotent')
    .meta({
      description:
        'Which calls are tried again: those that change nothing twice (GET, HEAD, OPTIONS, PUT, DELETE, and any with the header `idempotency-key`), or all.',
    }),
  backoff: keys({
    first: duration().prefault('500ms').meta({ words: 'duration', description: 'The first pause.' }),
    factor: z
      .number({ error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .min(1, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .max(10, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .default(2)
      .meta({ words: '1 to 10', description: 'Each further pause is this many times the one before.' }),
    cap: duration().prefault('10s').meta({
      words: 'duration',
      description: 'The longest pause. An answer that asks for a longer one (`retry-after`) is not waited for.',
    }),
  })
    .prefault({})
    .meta({ description: 'Pauses between tries, shortened by chance by up to a fifth.' }),
  breaker: breaker.prefault({}).meta({ description: 'When calls are kept away from it, and for how long.' }),
  fallback: keys({
    status: whole(100, 599).default(200).meta({ description: 'Status of the answer.' }),
    type: text('a media type').default('application/json').meta({ description: 'Its `content-type`.' }),
    body: z
      .string({ error: expectation('value-wrong-type', 'a text') })
      .optional()
      .meta({ description: 'The answer itself.' }),
    file: text('a path below the release')
      .optional()
      .meta({ description: 'Instead of `body`: a file of the release, of at most 1 MB.' }),
  })
    .optional()
    .meta({
      description: 'What is answered in its place while it does not answer. Without it an error with the reason.',
    }),
  check: keys({
    on: toggle().prefault(true).meta({ description: 'Whether it is asked how it is when nobody calls it.' }),
    http: text('a path such as `/health`')
      .optional()
      .meta({ description: 'Asked for with GET, below `url`. Without it a connection is opened, and nothing sent.' }),
    status: whole(100, 599)
      .optional()
      .meta({ description: '`http` only: the one status that passes. Without it 200 to 399 do.' }),
    every: duration().prefault('30s').meta({ words: 'duration', description: 'Time from one check to the next.' }),
    timeout: duration().prefault('5s').meta({ words: 'duration', description: 'How long one may take.' }),
  })
    .prefault({})
    .meta({
      description: 'Checks. While calls are tried again they are the tried calls, so that it closes without a caller.',
    }),
  methods: z
    .array(z.enum(methods, { error: expectation('value-unknown', `one of ${listed(methods)}`) }), {
      error: expectation('value-wrong-type', 'a list of methods such as `[GET, POST]`'),
    })
    .min(1, { error: expectation('value-empty', 'a list of at least one method') })
    .default([...methods])
    .meta({ words: 'list', description: 'Methods that services may call it with.' }),
  failures: z
    .array(failure, { error: expectation('value-wrong-type', 'a list such as `[network, timeout, 5xx]`') })
    .default(['network', 'timeout', '5xx', 429])
    .meta({
      words: 'list',
      description:
        'What counts as a failure: `network` (no connection, or a broken one), `timeout`, statuses such as `429` and kinds of them such as `5xx`. Without it `[network, timeout, 5xx, 429]`.',
    }),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9-]+$/, { error: expectation('id-bad', 'a header name: letters, digits and hyphens') }),
      text('a text'),
      { error: expectation('value-wrong-type', 'a map from header names to texts') },
    )
    .default({})
    .meta({
      words: 'map',
      description:
        'Headers that the console adds to each call, such as `authorization: "Bearer ${secrets.MODEL_KEY}"`. Services never see them.',
    }),
  concurrency: whole(1, 1_000).default(32).meta({
    description:
      'Calls under way at once; more get the fallback at once. Of several services that use it each has at most three quarters of them.',
  }),
  request: size('1KB').prefault('10MB').meta({ words: 'size', description: 'Most that a call may send.' }),
  answer: size('1KB').prefault('100MB').meta({ words: 'size', description: 'Most that an answer may have.' }),
})

export type DependencyEntry = z.output<typeof dependencySchema>

const need = z.enum(['required', 'optional'], { error: expectation('value-unknown', '`required` or `optional`') })

/** `services.<id>.uses`. */
export const usesSchema = z
  .union([z.array(id), byId('`required` or `optional`', need)], {
    error: expectation('value-wrong-type', 'a list of dependencies, or a map from them to `required` or `optional`'),
  })
  .default([])
  .meta({
    words: 'list or map',
    description:
      'Dependencies that it calls through the console, at the address in `WHEELHOUSE_DEPENDENCY_<ID>`. `required`: it waits while the breaker is open instead of being started again and again. `optional`: it is degraded then. In a list: `optional` where the dependency has a `fallback`, else `required`. See [dependencies](dependencies.md).',
  })
