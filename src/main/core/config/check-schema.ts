import { z } from 'zod'
import { expectation } from './expectation.ts'
import { command, duration, text, whole } from './schema-leaves.ts'

/** The kinds of check: each the key that says what is looked at. A probe has exactly one of them. */
export const checkKinds = ['http', 'tcp', 'mqtt', 'command', 'sqlite', 'postgres', 'file', 'metric', 'pushed'] as const
export type CheckKind = (typeof checkKinds)[number]

/** Keys that say more about a check, with the kinds that they belong to. */
export const checkDetails = {
  status: ['http'],
  body: ['http'],
  latency: ['http'],
  topic: ['mqtt'],
  tables: ['sqlite', 'postgres'],
  newer: ['file', 'metric'],
} as const satisfies Readonly<Record<string, readonly CheckKind[]>>

/** What can be checked, wherever site.yaml has a check. */
export const checkShape = {
  http: text('an address such as `http://127.0.0.1:${ports.http}/health`')
    .optional()
    .meta({ words: 'address', description: 'Asks this address with GET.' }),
  tcp: text('an address such as `127.0.0.1:${ports.http}`')
    .optional()
    .meta({ words: 'address', description: 'Opens a connection to `host:port`.' }),
  mqtt: text('an address such as `mqtt://127.0.0.1:${ports.mqtt}`').optional().meta({
    words: 'address',
    description:
      'Sends a message to this broker and waits until it comes back. User and password: `MQTT_USERNAME` and `MQTT_PASSWORD` in `env`.',
  }),
  command: command()
    .optional()
    .meta({ words: 'command', description: 'Runs a command below the release; exit code 0 passes.' }),
  sqlite: text('a path such as `data/site.db`').optional().meta({
    words: 'path',
    description: 'Opens this SQLite database, relative to the site folder, for reading, and reads its schema.',
  }),
  postgres: text('an address such as `postgres://app@127.0.0.1:5432/app`').optional().meta({
    words: 'address',
    description: 'Connects to this PostgreSQL database and reads its schema. Password: `PGPASSWORD` in `env`.',
  }),
  file: text('a path such as `data/last-frame.jpg`')
    .optional()
    .meta({ words: 'path', description: 'Looks for this file, relative to the site folder.' }),
  metric: text('a condition such as `fps > 20`').optional().meta({
    words: 'CEL condition',
    description: 'What the figures that the service pushes must meet.',
  }),
  pushed: duration().optional().meta({
    words: 'duration',
    description: 'Passes while the service’s newest push is not older than this and does not call it unhealthy.',
  }),
  status: whole(100, 599)
    .optional()
    .meta({ description: '`http` only: the one status that passes. Without it 200 to 399 do.' }),
  body: text('a text that the answer holds')
    .optional()
    .meta({ description: '`http` only: a text that must stand in the first 64 KB of the answer.' }),
  latency: duration()
    .optional()
    .meta({ words: 'duration', description: '`http` only: an answer that takes longer does not pass.' }),
  topic: text('a topic')
    .optional()
    .meta({ description: '`mqtt` only: the topic of the message. Without it `wheelhouse/probe`.' }),
  tables: z
    .array(text('the name of a table'), { error: expectation('value-wrong-type', 'a list of tables') })
    .optional()
    .meta({ words: 'list', description: '`sqlite` and `postgres` only: tables that must be there.' }),
  newer: duration().optional().meta({
    words: 'duration',
    description:
      '`file`: it must have changed within this time; without it that it is there is enough. `metric`: how old figures may be, without it `1m`.',
  }),
} as const
