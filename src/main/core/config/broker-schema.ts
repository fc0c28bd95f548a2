import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, rate, size, text, toggle, whole } from './schema-leaves.ts'

const filterList = (what: string) =>
  z
    .array(text('a topic filter'), { error: expectation('value-wrong-type', 'a list of topic filters') })
    .max(100, { error: expectation('too-many', 'a list of at most 100 topic filters') })
    .default([])
    .meta({ words: 'list', description: what })

const allow = keys({
  publish: filterList('Topics that it may publish to; anything else is acknowledged and dropped.'),
  subscribe: filterList('What it may listen to: filters within these are granted, others refused.'),
})

const userName = expectation('id-bad', 'the name of a user: 1 to 100 printable characters, not starting with “$”')
const clientPattern = expectation('id-bad', 'a client id, in which `*` stands for any characters')

const user = keys({
  password: text('a secret such as `${secrets.DESK}`').optional().meta({
    description: 'The password, as `${secrets.NAME}` and nothing else. This or `hash` must be given.',
  }),
  hash: text('a hash such as `$7$101$…$…`').optional().meta({
    description:
      'Instead of `password`: its hash, as `mosquitto_passwd` makes it (`$7$…`), or scrypt (`$scrypt$ln=15,r=8,p=1$SALT$HASH`).',
  }),
  clients: text('a client id such as `desk-*`').optional().meta({
    description: 'Which client ids the user may take; `*` stands for any characters. Without it any.',
  }),
  allow: allow.optional().meta({
    description:
      'Which topics. Without it as `clients` and `allow` of the broker say; in filters `%u` is the user, `%c` the client id.',
  }),
})

/** `services.<id>.broker`. Flapping is counted as EMQX counts it (15 a minute), but only of connections that were lost. */
export const brokerSchema = keys({
  anonymous: toggle().optional().meta({
    description: 'Whether clients without a user may connect. Without it: as long as there are no `users`.',
  }),
  users: z
    .record(z.string().regex(/^[^\p{Cc}$][^\p{Cc}]{0,99}$/u, { error: userName }), user, {
      error: expectation('value-wrong-type', 'a map from names to users'),
    })
    .default({})
    .meta({ words: 'map', description: 'Who may connect.' }),
  clients: z
    .record(z.string().regex(/^[^\p{Cc}]{1,256}$/u, { error: clientPattern }), allow, {
      error: expectation('value-wrong-type', 'a map from client ids to topics'),
    })
    .default({})
    .meta({
      words: 'map',
      description: 'Which topics, by client id, in which `*` stands for any characters: the first that fits counts.',
    }),
  allow: allow.optional().meta({
    description: 'Which topics everybody else may use. Without it all.',
  }),
  limits: keys({
    packet: size('1KB').prefault('2MB').meta({
      words: 'size, at least `1KB`',
      description: 'Largest packet; who sends a larger one is disconnected.',
    }),
    clients: whole(1, 10_000).default(1_000).meta({ description: 'Clients at a time.' }),
    connects: rate().prefault('100/s').meta({
      words: 'rate',
      description: 'Connections from one address; further ones are closed unread.',
    }),
    messages: rate().optional().meta({
      words: 'rate',
      description: 'Messages of one client; what comes sooner is read later. Without it as fast as it can.',
    }),
    flapping: keys({
      losses: whole(1, 10_000).default(15).meta({ description: 'So many lost connections of one client id…' }),
      within: duration().prefault('1m').meta({ words: 'duration', description: '…within this time…' }),
      hold: duration().prefault('1m').meta({ words: 'duration', description: '…and it is held off for so long.' }),
    })
      .prefault({})
      .meta({ description: 'When a client that comes and goes is held off. A proper goodbye does not count.' }),
  })
    .prefault({})
    .meta({ description: 'Bounds of what clients can do.' }),
})

export type BrokerEntry = z.output<typeof brokerSchema>
