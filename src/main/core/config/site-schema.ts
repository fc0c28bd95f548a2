import { z } from 'zod'
import { brokerLinkSchema } from './broker-link-schema.ts'
import { dependencySchema } from './dependency-schema.ts'
import { deploySchema } from './deploy-schema.ts'
import { devicesSchema } from './device-schema.ts'
import { drillSchema } from './drill-schema.ts'
import { expectation } from './expectation.ts'
import { phasesSchema } from './phase-schema.ts'
import { recoverySchema } from './recovery-schema.ts'
import { rehearseSchema, sandboxSchema } from './rehearsal-schema.ts'
import { routeFunction } from './route-function-schema.ts'
import { byId, cron, duration, id, keys, rate, size, text, toggle, whole, zone } from './schema-leaves.ts'
import { serviceSchema } from './service-schema.ts'
import { settingSchema } from './setting-schema.ts'
import { sourcesSchema } from './sources/source-schema.ts'
import { targetSchema } from './target-schema.ts'
import { checksSchema } from './verification-schema.ts'
import { webhookKeys } from './webhook-schema.ts'

const target = keys({
  mqtt: text('a topic').optional().meta({
    description: 'Publishes to this topic. A `#` as its last level stands for the topic that the message came on.',
  }),
  broker: id.optional().meta({
    description: '`mqtt` only: publishes at this one of the site’s brokers. Without it at the first.',
  }),
  qos: z
    .union([z.literal(0), z.literal(1)], { error: expectation('value-unknown', '0 or 1') })
    .optional()
    .meta({ words: '0 or 1', description: '`mqtt` only. Without it 0.' }),
  retain: toggle().optional().meta({ description: '`mqtt` only: the broker keeps the last message. Without it off.' }),
  key: text('a CEL expression').optional().meta({
    words: 'CEL',
    description:
      '`mqtt` with `qos: 1` and `webhook` only: gives a text, a number, true or false. Of messages for which it gives the same none overtakes another. Without it the topic counts.',
  }),
  keep: z
    .enum(['all', 'latest'], { error: expectation('value-unknown', '`all` or `latest`') })
    .optional()
    .meta({
      description:
        '`mqtt` with `qos: 1` and `webhook` only: with `latest` a message takes the place of the one of its key that waits in the outbox. Without it `all`.',
    }),
  channel: id.optional().meta({ description: 'Hands it to whoever follows this channel.' }),
  journal: duration().optional().meta({ words: 'duration', description: 'Writes it down and keeps it for this long.' }),
  ...webhookKeys,
  workflow: z
    .unknown()
    .optional()
    .meta({ words: 'id', description: 'Not there yet: refused with what to write instead.' }),
  tag: z
    .union([text(), z.array(text()).min(1)], { error: expectation('value-wrong-type', 'a tag, or a list of tags') })
    .optional()
    .meta({
      words: 'text or list',
      description:
        'Only messages to which the `tag` of the route gives this tag, or one of these. Without it every message.',
    }),
})

const route = keys({
  title: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  on: toggle().prefault(true).meta({ description: 'Whether messages pass.' }),
  from: z
    .union(
      [
        text('a topic filter or a `/regular expression/`'),
        keys({
          broker: id.meta({ description: 'One of the site’s brokers.' }),
          topic: text('a topic filter or a `/regular expression/`').meta({ description: 'What to listen to there.' }),
        }),
      ],
      { error: expectation('value-wrong-type', 'a topic filter, or `{ broker: plant, topic: desk/# }`') },
    )
    .meta({
      words: 'text, or map of broker and topic',
      description:
        'Topic filter, or a regular expression between slashes; on the first of the site’s brokers, or `{ broker: plant, topic: desk/# }`.',
    }),
  where: text('a CEL condition')
    .optional()
    .meta({ description: 'CEL condition; messages that do not meet it are filtered.' }),
  validate: z
    .looseObject({}, { error: expectation('value-wrong-type', 'a JSON Schema, which is a map') })
    .optional()
    .meta({
      words: 'map',
      description: 'JSON Schema (2020-12) of the payload; messages that do not fit go to quarantine.',
    }),
  limit: keys({
    rate: rate().meta({
      words: 'rate',
      description: 'So many at once, then one each time a share of the period has gone by.',
    }),
    per: text('`topic`, `route` or a CEL expression').default('topic').meta({
      description:
        'What is counted by itself: each `topic`, the `route` as a whole, each `client` of the embedded broker, or each value of a CEL expression.',
    }),
    keep: z
      .enum(['latest', 'first'], { error: expectation('value-unknown', '`latest` or `first`') })
      .default('latest')
      .meta({
        description:
          '`latest`: the newest of those that came too soon goes on as soon as one may; `first`: none of them does.',
      }),
  })
    .optional()
    .meta({ description: 'How often messages go on; what comes too soon is counted as limited.' }),
  enrich: z
    .record(text(), text('a CEL expression'), {
      error: expectation('value-wrong-type', 'a map from field to CEL expression'),
    })
    .optional()
    .meta({ words: 'map', description: 'Fields that are added to the payload, each the value of a CEL expression.' }),
  tag: text('a CEL expression')
    .optional()
    .meta({ description: 'CEL expression that gives the tag of a message, or a list of tags; targets choose by it.' }),
  map: z
    .union([text('a CEL expression'), routeFunction], {
      error: expectation('value-wrong-type', 'a CEL expression, or `{ function: functions/desk.mjs }`'),
    })
    .optional()
    .meta({
      words: 'CEL expression, or map of function, export, timeout and payload',
      description:
        'What makes the new payload: a CEL expression, or a function of the site’s own, as in `{ function: functions/desk.mjs, timeout: 200ms }`. See [routes](routes.md#a-function-of-the-sites-own).',
    }),
  batch: keys({
    window: duration()
      .prefault('1s')
      .meta({ words: 'duration', description: 'How long after its first message a batch goes on.' }),
    most: whole(2, 10_000).default(100).meta({ description: 'So many messages go on before the window ends.' }),
    bytes: size('1KB')
      .prefault('256KB')
      .meta({ words: 'size', description: 'Payloads that together reach this size go on before the window ends.' }),
    per: text('`topic`, `route` or a CEL expression').default('route').meta({
      description:
        'What is gathered by itself: each `topic`, the `route` as a whole, or each value of a CEL expression.',
    }),
    as: text('a CEL expression').optional().meta({
      description:
        'CEL expression over `items`, the payloads in their order, that makes the one payload. Without it their JSON array.',
    }),
  })
    .optional()
    .meta({
      description:
        'Many messages go on as one. Whatever is reached first sends: `most`, `bytes` or the end of `window`.',
    }),
  to: z
    .array(target, { error: expectation('value-wrong-type', 'a list of targets such as `[ { channel: faculty } ]`') })
    .min(1, { error: expectation('value-empty', 'a list of at least one target') })
    .meta({ description: 'Where messages go: each entry is one of `mqtt`, `channel`, `journal`, `webhook`.' }),
  priority: z
    .enum(['critical', 'high', 'normal', 'low'], {
      error: expectation('value-unknown', '`critical`, `high`, `normal` or `low`'),
    })
    .default('normal')
    .meta({
      description:
        'How much of the way its deliveries get when there are more than can go at once, and what is given up last.',
    }),
  expires: duration().optional().meta({
    words: 'duration',
    description: 'How long a message that waits in the outbox is wanted. Without it as long as `outbox.age` says.',
  }),
})

const backup = keys({
  folder: text('an absolute path')
    .optional()
    .meta({ description: 'Folder of the snapshots. Without it one in the user’s data folder.' }),
  target: targetSchema.optional().meta({
    description:
      'Where snapshots are kept, when that is no folder that is always there. See [backups](backups.md#targets).',
  }),
  copies: byId('places', targetSchema).default({}).meta({
    description:
      'Further places, by id, that are brought up to date after each backup. See [backups](backups.md#copies).',
  }),
  full: cron().optional().meta({ words: 'cron', description: 'When everything is backed up, in the site’s zone.' }),
  data: cron().optional().meta({ words: 'cron', description: 'When configuration and data are.' }),
  keep: keys({
    last: whole(1, 10_000).default(10).meta({ description: 'So many of the newest.' }),
    hourly: whole(0, 10_000).default(24).meta({ description: 'The newest of each of so many hours.' }),
    daily: whole(0, 10_000).default(7).meta({ description: 'The newest of each of so many days.' }),
    weekly: whole(0, 10_000).default(4).meta({ description: 'The newest of each of so many weeks.' }),
    monthly: whole(0, 10_000).default(6).meta({ description: 'The newest of each of so many months.' }),
    yearly: whole(0, 10_000).default(3).meta({ description: 'The newest of each of so many years.' }),
  })
    .prefault({})
    .meta({ description: 'Which snapshots are kept; the rules add up.' }),
  exclude: z
    .array(text('a pattern'), { error: expectation('value-wrong-type', 'a list of patterns') })
    .default([])
    .meta({ words: 'list', description: 'Glob patterns below the site folder that are left out.' }),
  caches: toggle().prefault(false).meta({
    words: '`on` or `off`',
    description:
      'Whether caches are backed up as well: folders named `.cache` or `__pycache__`, left-overs of network shares (`.nfs*`), and folders that carry a CACHEDIR.TAG.',
  }),
  'alert-after': duration().optional().meta({
    words: 'duration',
    description:
      'For how long there may be no good snapshot before a card says so. Without it two dates of the schedule and an hour.',
  }),
  encryption: keys({
    passphrase: text('`${secrets.NAME}`').meta({
      description:
        'The passphrase of the backups: `${secrets.NAME}`, with the value in the secrets file. It can be changed later; the recovery kit opens them without it.',
    }),
  })
    .optional()
    .meta({
      description: 'Encrypts the snapshots, from the first one in a new folder on. Without it they are not encrypted.',
    }),
  watch: duration().prefault('60s').meta({
    words: 'duration',
    description:
      'How long the health of the services is watched after a restore before it counts as done; `0s` is not at all.',
  }),
  rehearse: rehearseSchema,
  sandbox: sandboxSchema,
})

const outbox = keys({
  rows: whole(1_000, 10_000_000)
    .default(1_000_000)
    .meta({ description: 'Most messages that may wait for their targets.' }),
  bytes: size('1MB')
    .prefault('1GB')
    .meta({ words: 'size, at least `1MB`', description: 'Most bytes that their payloads may have.' }),
  age: duration()
    .prefault('7d')
    .meta({ words: 'duration', description: 'Messages that waited for longer are given up.' }),
  'when-full': z
    .enum(['drop-lowest', 'drop-oldest', 'refuse'], {
      error: expectation('value-unknown', '`drop-lowest`, `drop-oldest` or `refuse`'),
    })
    .default('drop-lowest')
    .meta({
      description:
        '`drop-lowest`: the oldest of the least urgent go; `drop-oldest`: the oldest; `refuse`: publishers of QoS 1 and 2 wait and keep theirs.',
    }),
})

const store = keys({
  control: size('64MB').prefault('1GB').meta({
    words: 'size, at least `64MB`',
    description: 'Most that events, jobs and the other records of the console may take; the oldest events go first.',
  }),
  messages: size('64MB').prefault('4GB').meta({
    words: 'size, at least `64MB`',
    description:
      'Most that journals and quarantine may take; the oldest of the quarantine go first, then of the journals.',
  }),
})

const part = (what: string, later = false) =>
  toggle()
    .prefault(true)
    .meta({ description: what, ...(later && { later: true }) })

/**
 * site.yaml: the one source of its keys, their defaults and their documentation. Rules that look at more than one value are
 * in `site-rules.ts`; those that look at the disk in `site-files.ts`.
 */
export const siteSchema = keys({
  wheelhouse: z
    .literal(1, { error: expectation('value-unknown', '1') })
    .meta({ description: 'Version of this format.' }),
  site: id.meta({ description: 'Id of the site: lowercase letters, digits and hyphens.' }),
  name: text().optional().meta({ description: 'Name on screen. Without it the id.' }),
  zone: zone
    .optional()
    .meta({ description: 'Time zone of schedules and of times on screen. Without it the machine’s own.' }),
  contact: keys({
    name: text().meta({ description: 'Whom to call.' }),
    phone: text().optional().meta({ description: 'Shown beside failures.' }),
    email: text().optional().meta({ description: 'Shown beside failures.' }),
  })
    .optional()
    .meta({ description: 'Who knows this site.' }),
  parts: keys({
    router: part('Routes messages.'),
    recovery: part('Acts by itself on what restarts do not cure.'),
    monitoring: part('Measures the machine and the services.', true),
    gateway: part('Takes in requests.', true),
    backups: part('Takes scheduled snapshots.'),
  })
    .prefault({})
    .meta({ description: 'Parts of the console that can be switched off; the rest still runs.' }),
  include: z
    .array(text('the name of a file'), {
      error: expectation('value-wrong-type', 'a list of files such as `[ conf/lab.yaml ]`'),
    })
    .max(32, { error: expectation('too-many', 'a list of at most 32 files') })
    .default([])
    .meta({
      words: 'list',
      description:
        'Files below the site folder (`.yaml`, `.json`, `.ini`) that are laid over this one, in their order. See [configuration](configuration.md#layers).',
    }),
  sources: sourcesSchema.prefault({}).meta({
    description:
      'Where values come from besides files. See [configuration](configuration.md#values-from-an-http-server).',
  }),
  profiles: z
    .record(id, z.unknown(), { error: expectation('value-wrong-type', 'a map from ids to parts of this file') })
    .default({})
    .meta({
      words: 'map',
      description: 'Variants of this file by id. The chosen one is merged over it: maps deep, lists replaced.',
    }),
  settings: byId('settings', settingSchema).default({}).meta({
    description:
      'Values of the site’s own, checked by what they must be, and given to services as `${settings.NAME}`. See [configuration](configuration.md#the-sites-own-settings).',
  }),
  phases: phasesSchema,
  services: byId('services', serviceSchema).default({}).meta({ description: 'What runs.' }),
  brokers: byId('brokers', brokerLinkSchema).default({}).meta({
    description:
      'Brokers that somebody else runs, by the names that routes call them. The first is meant where a route names none. See [brokers](brokers.md).',
  }),
  dependencies: byId('dependencies', dependencySchema).default({}).meta({
    description:
      'What services call over HTTP, through the console: time-outs, repeats, breakers, fallbacks. See [dependencies](dependencies.md).',
  }),
  routes: byId('routes', route).default({}).meta({ description: 'Where messages go.' }),
  devices: devicesSchema.meta({
    description:
      'Devices that the site’s topics tell of: which are online, silent, offline. See [devices](devices.md).',
  }),
  backup: backup.prefault({}).meta({ description: 'What is backed up when, and kept how long.' }),
  tables: byId(
    'tables',
    keys({
      file: text('a path').meta({
        description: 'A `.csv` (first line: names of the columns) or `.json` below the site folder.',
      }),
      key: text('the name of a column').meta({
        description: 'Column by which rows are looked up; each value stands once.',
      }),
    }),
  )
    .default({})
    .meta({ description: 'What expressions of routes look up with `lookup`. See [routes](routes.md#tables).' }),
  outbox: outbox.prefault({}).meta({
    description:
      'What may wait for targets of `qos: 1` and webhooks that are away. See [routes](routes.md#the-outbox).',
  }),
  store: store.prefault({}).meta({
    description: 'How large the console’s own databases may become. A reload applies it at once.',
  }),
  checks: checksSchema,
  drills: byId('drills', drillSchema).default({}).meta({
    description:
      'Failures on purpose, to see that the site gets over them, by themselves or on request. Each service has the usual ones without being named here. See [drills](drills.md).',
  }),
  recovery: recoverySchema,
  reload: keys({
    watch: toggle().prefault(true).meta({ description: 'Whether a change of the files on disk is noticed.' }),
    apply: z
      .enum(['ask', 'auto'], { error: expectation('value-unknown', '`ask` or `auto`') })
      .default('ask')
      .meta({
        description:
          'What is done about a change that restarts or stops services: `ask` raises a card, `auto` applies it. What touches no service is always applied.',
      }),
  })
    .prefault({})
    .meta({
      description:
        'What is done when the files of the configuration change. See [configuration](configuration.md#changes-on-disk).',
    }),
  deploy: deploySchema.prefault({}).meta({
    description: 'How releases come in, and when they are good. See [deploys](deploy.md).',
  }),
})

export type SiteFile = z.output<typeof siteSchema>
