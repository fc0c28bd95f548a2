import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, text, whole } from './schema-leaves.ts'

const file = (what: string) => text('a path such as `tls/ca.pem`').optional().meta({ words: 'path', description: what })

/** One entry of `brokers`: a broker that somebody else runs. */
export const brokerLinkSchema = keys({
  url: text('an address such as `mqtts://broker.example:8883`').meta({
    words: 'address',
    description: 'Where it is: `mqtt`, `mqtts`, `ws` or `wss`.',
  }),
  username: text('a user').optional().meta({ description: 'As whom the router connects.' }),
  password: text('a secret such as `${secrets.BROKER}`').optional().meta({
    description: 'Its password, as `${secrets.NAME}` and nothing else.',
  }),
  'client-id': z
    .string({ error: expectation('value-wrong-type', 'a text of 1 to 256 characters') })
    .regex(/^[^\p{Cc}]{1,256}$/u, { error: expectation('id-bad', 'a text of 1 to 256 characters') })
    .optional()
    .meta({
      words: 'text',
      description: 'Its client id. Without it one that stays the same for this site on this machine.',
    }),
  keepalive: duration().prefault('30s').meta({
    words: 'duration',
    description: 'After so long without a packet the broker is asked whether it is there.',
  }),
  share: z
    .string({ error: expectation('value-wrong-type', 'the name of a group') })
    .regex(/^[^/+#\p{Cc}]{1,100}$/u, { error: expectation('id-bad', 'the name of a group, without `/`, `+` and `#`') })
    .optional()
    .meta({
      words: 'text',
      description:
        'Group of a shared subscription: consoles of one group take the messages in turns, each message one of them.',
    }),
  ca: file(
    'Certificates of who may vouch for the broker (PEM), relative to the site folder. Without it those that Node trusts.',
  ),
  cert: file('The router’s own certificate (PEM), relative to the site folder.'),
  key: file('The key of `cert` (PEM), relative to the site folder.'),
  'server-name': text('a host name').optional().meta({
    description: 'The name that the certificate of the broker must have, when it is not that in `url`.',
  }),
  protocol: z
    .union([z.literal(5), z.literal('5'), z.literal('3.1.1')], {
      error: expectation('value-wrong-type', '`5` or `3.1.1`'),
    })
    .transform((version) => (version === '3.1.1' ? version : ('5' as const)))
    .optional()
    .meta({
      words: '`5` or `3.1.1`',
      description: 'Which MQTT it is spoken to in. Without it 5, and 3.1.1 when the broker refuses that.',
    }),
  'session-expiry': duration().prefault('7d').meta({
    words: 'duration',
    description: 'How long it keeps what comes while the router is away, where it speaks MQTT 5.',
  }),
  hops: whole(1, 1_000).prefault(8).meta({
    words: 'number',
    description: 'Messages that consoles have passed on so often are not passed on again (MQTT 5).',
  }),
})

export type BrokerLinkEntry = z.output<typeof brokerLinkSchema>
