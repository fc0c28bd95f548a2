import { z } from 'zod'
import { needConditionSchema } from '#shared/vocabulary.ts'
import { brokerSchema } from './broker-schema.ts'
import { checkShape } from './check-schema.ts'
import { databaseSchema } from './database-schema.ts'
import { usesSchema } from './dependency-schema.ts'
import { expectation } from './expectation.ts'
import { hooksSchema } from './hook-schema.ts'
import { limitsSchema } from './limit-schema.ts'
import { bindAddress, byId, command, duration, id, keys, text, toggle, whole } from './schema-leaves.ts'

const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGKILL'] as const
const kinds = ['node', 'process', 'builtin', 'external'] as const
const pushWays = ['http', 'mqtt', 'both'] as const
const policies = ['always', 'on-failure', 'never'] as const

/** Defaults of one kind of probe, after Kubernetes where it has one. */
interface ProbeDefaults {
  readonly every: string
  readonly failures: number
  readonly within: string
}

function probe(what: string, defaults: ProbeDefaults) {
  return keys({
    ...checkShape,
    every: duration().prefault(defaults.every).meta({
      words: 'duration',
      description: 'Time from one try to the next; the first is made at once unless there is a `delay`.',
    }),
    timeout: duration().prefault('1s').meta({ words: 'duration', description: 'How long one try may take.' }),
    failures: whole(1, 1000)
      .default(defaults.failures)
      .meta({ description: 'Failures in a row until it counts as failed.' }),
    delay: duration()
      .prefault('0ms')
      .meta({ words: 'duration', description: 'How long the first try waits after the probe begins.' }),
    successes: whole(1, 1000).default(1).meta({ description: 'Successes in a row until it counts as passed again.' }),
    within: duration()
      .prefault(defaults.within)
      .meta({ words: 'duration', description: '`startup` only: how long the service has to pass.' }),
  })
    .optional()
    .meta({ description: what })
}

const restart = keys({
  policy: z
    .enum(policies, { error: expectation('value-unknown', 'one of `always`, `on-failure`, `never`') })
    .default('always')
    .meta({ description: 'When an exit that nobody asked for is followed by a new start.' }),
  backoff: keys({
    first: duration().prefault('1s').meta({ words: 'duration', description: 'Pause before the first restart.' }),
    factor: z
      .number({ error: expectation('value-wrong-type', 'a number from 1 to 10') })
      .min(1, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .max(10, { error: expectation('number-out-of-range', 'a number from 1 to 10') })
      .default(2)
      .meta({ description: 'Each further pause is this many times the one before.' }),
    cap: duration().prefault('60s').meta({ words: 'duration', description: 'The longest pause.' }),
  })
    .prefault({})
    .meta({ description: 'Pauses between restarts.' }),
  budget: keys({
    starts: whole(1, 1000).default(5).meta({ description: 'So many starts…' }),
    per: duration().prefault('10m').meta({ words: 'duration', description: '…within this time; then it is given up.' }),
  })
    .prefault({})
    .meta({ description: 'A sliding window; when it is used up the service is failed and a person must act.' }),
  forgive: duration()
    .prefault('10m')
    .meta({ words: 'duration', description: 'Healthy for this long starts the back-off from the beginning.' }),
})

const stop = keys({
  signal: z
    .enum(signals, { error: expectation('value-unknown', `one of ${signals.map((name) => `\`${name}\``).join(', ')}`) })
    .default('SIGTERM')
    .meta({ description: 'Asks the service to end.' }),
  within: duration()
    .prefault('10s')
    .meta({ words: 'duration', description: 'How long it may take; then its whole process group is killed.' }),
})

const conditions = needConditionSchema.options.map((name) => `\`${name}\``).join(', ')
const oneOf = `one of ${conditions}, or a map such as { be: healthy, restart: on }`

const need = z
  .union(
    [
      z.enum(needConditionSchema.options),
      keys({ be: z.enum(needConditionSchema.options), restart: toggle().prefault(false) }),
    ],
    { error: expectation('value-unknown', oneOf) },
  )
  .transform((entry) => (typeof entry === 'string' ? { be: entry, restart: false } : entry))

const unitWords = expectation('unit-bad', 'a unit of systemd such as `camera.service`')
/** No name that systemctl could take for an option or a path. */
const unitName = z
  .string({ error: unitWords })
  .regex(/^[A-Za-z0-9:_][A-Za-z0-9:_.@\\-]{0,199}\.service$/, { error: unitWords })

const unit = z
  .union(
    [
      unitName,
      keys({
        name: unitName,
        of: z.enum(['system', 'user'], { error: expectation('value-unknown', '`system` or `user`') }).default('system'),
      }),
    ],
    { error: unitWords },
  )
  .transform((entry) => (typeof entry === 'string' ? { name: entry, of: 'system' as const } : entry))

/** One entry of `services`. */
export const serviceSchema = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  kind: z.enum(kinds, { error: expectation('value-unknown', 'one of `node`, `process`, `builtin`, `external`') }).meta({
    description:
      '`node`: a script on the Node that comes with the console. `process`: any program. `builtin`: part of the console. `external`: watched only; somebody else runs it.',
  }),
  run: command().optional().meta({
    words: 'command',
    description:
      'A string, split into words without any shell, or the list of the words. `node`: the script, relative to the release, and its arguments. `process`: the program and its arguments.',
  }),
  use: text('`broker` or `database`').optional().meta({
    description:
      '`builtin` only: which one. There is `broker`, an MQTT 3.1.1 broker, and `database`, a database that the console connects to and watches.',
  }),
  broker: brokerSchema.optional().meta({
    description: '`use: broker` only: who may connect, to which topics, and how much. See [brokers](brokers.md).',
  }),
  database: databaseSchema
    .optional()
    .meta({ description: '`use: database` only: which database, and how it is used. See [databases](databases.md).' }),
  cwd: text('a folder below the release')
    .default('.')
    .meta({ description: 'Working directory, relative to the release.' }),
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
        error: expectation('id-bad', 'an environment name: letters, digits and underscores, not starting with a digit'),
      }),
      z.string({ error: expectation('value-wrong-type', 'a text (write `""` for an empty one)') }),
      { error: expectation('value-wrong-type', 'a map from names to texts') },
    )
    .default({})
    .meta({
      words: 'map',
      description:
        'Environment. With `headers` of dependencies and passwords of brokers the only place where `${secrets.NAME}` may stand.',
    }),
  ports: byId('port numbers', whole(1, 65_535, 'port-out-of-range'))
    .default({})
    .meta({
      words: 'map',
      description:
        'Named ports, used elsewhere as `${ports.NAME}` or `${services.ID.ports.NAME}`, so that a rehearsal can move them.',
    }),
  bind: bindAddress.default('127.0.0.1').meta({
    description: '`builtin` only: address that it listens on. Anything but loopback lets other machines in.',
  }),
  phase: id.optional().meta({
    description: 'The one of `phases` that it is listed under. Without it: at the end, and held to no order.',
  }),
  needs: byId(`one of ${conditions}`, need)
    .default({})
    .meta({
      words: 'map',
      description: `Services that must be there first, each with ${conditions}. \`db: { be: healthy, restart: on }\`: when db was restarted, this service is restarted after it, once.`,
    }),
  uses: usesSchema,
  optional: toggle().prefault(false).meta({ description: 'The site counts as healthy without it.' }),
  weight: whole(0, 100).default(1).meta({
    description: 'How much it counts in the score of the site, beside the others; an optional one a quarter of it.',
  }),
  enabled: toggle().prefault(true).meta({ description: 'Started with the site.' }),
  'one-shot': toggle().prefault(false).meta({ description: 'Runs to its end; exit code 0 is `completed`.' }),
  startup: probe('Gates the two other probes and whatever waits for `ready`.', {
    every: '1s',
    failures: 1,
    within: '90s',
  }),
  readiness: probe('Whether it can do its work now. Holds back what needs it; never restarts it.', {
    every: '5s',
    failures: 3,
    within: '90s',
  }),
  liveness: probe('Whether it is stuck. Failing restarts it, so test nothing but the service itself.', {
    every: '10s',
    failures: 3,
    within: '90s',
  }),
  hooks: hooksSchema,
  restart: restart.prefault({}).meta({ description: 'What follows an exit that nobody asked for.' }),
  stop: stop.prefault({}).meta({ description: 'How it is stopped.' }),
  limits: limitsSchema,
  unit: unit.optional().meta({
    words: 'a unit such as `camera.service`',
    description:
      'Not for `builtin`: the unit of systemd that runs it; `{ name: camera.service, of: user }` for one of the user’s own systemd. No two services may name the same unit. Until `wheelhouse adopt ID` the console only watches it and starts no copy of its own. See [recovery](recovery.md#services-that-systemd-runs).',
  }),
  rehearse: toggle().default(true).meta({
    words: '`on` or `off`',
    description:
      'Whether [rehearsals](backups.md#rehearsals) start it. Switch it off for what drives a machine or calls outside from its code.',
  }),
  code: z
    .array(
      text('a path below the release').regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))/, {
        error: expectation('path-escapes', 'a path below the release'),
      }),
      {
        error: expectation('value-wrong-type', 'a list of files and folders of the release'),
      },
    )
    .min(1)
    .optional()
    .meta({
      words: 'list',
      description:
        'Files and folders of the release that it runs on: a deploy that changes none of them leaves it running. Without it any changed file counts. See [deploys](deploy.md).',
    }),
  push: z
    .enum(pushWays, { error: expectation('value-unknown', 'one of `http`, `mqtt`, `both`') })
    .optional()
    .meta({
      description:
        'How the service tells the console its own health and figures. Without it, it may not. See [health](health.md).',
    }),
  'on-crash': z
    .enum(['adopt', 'stop'], { error: expectation('value-unknown', '`adopt` or `stop`') })
    .default('adopt')
    .meta({ description: 'What the next start of the console does with it after the console itself crashed.' }),
  pages: z
    .record(z.string(), text('an address such as `http://127.0.0.1:${ports.http}/`'), {
      error: expectation('value-wrong-type', 'a map from titles to addresses'),
    })
    .default({})
    .meta({ words: 'map', description: 'Pages of it that a person can open: title and http address.' }),
})

export type ServiceEntry = z.output<typeof serviceSchema>
