import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, text } from './schema-leaves.ts'

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
})

export type BrokerLinkEntry = z.output<typeof brokerLinkSchema>
