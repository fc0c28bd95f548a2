import { z } from 'zod'
import { problemSchema } from '../problem.ts'

/**
 * What travels over every transport (preload pipe, WebSocket, control socket): strings whose first character says what
 * they are.
 *
 * - `h` hello, JSON: the first envelope in each direction. The client's carries the contract version and, on a WebSocket,
 *   the token; the server answers with its own version and epoch, or with a problem, and closes.
 * - `r` a call or its answer: the rest is an oRPC peer message.
 * - `s` subscriptions, JSON: {@link clientSubscriptionSchema} one way, {@link serverSubscriptionSchema} the other.
 * - `c` closed, from either end, on the preload pipe only, which cannot be closed itself: the rest is the reason. The
 *   transports turn it into `onClosed`; a new greeting on the pipe starts a new connection.
 */
export const envelopeKinds = { hello: 'h', call: 'r', subscription: 's', closed: 'c' } as const

/** The longest envelope that a server takes; a longer one closes the connection. Characters. */
export const longestEnvelope = 1_048_576

export const clientHelloSchema = z.object({
  contract: z.number().int(),
  token: z.string().max(200).optional(),
  client: z.enum(['window', 'browser', 'command line']),
})
export const serverHelloSchema = z.union([
  z.object({ contract: z.number().int(), epoch: z.string(), version: z.string() }),
  z.object({ problem: problemSchema }),
])

/** `open` starts a stream under an id of the client's choosing; `credit` grants batches; `close` ends it. */
export const clientSubscriptionSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('open'),
    id: z.number().int(),
    topic: z.string(),
    params: z.unknown(),
    credit: z.number().int().min(0).max(1_000),
  }),
  z.object({ do: z.literal('credit'), id: z.number().int(), credit: z.number().int().min(1).max(1_000) }),
  z.object({ do: z.literal('close'), id: z.number().int() }),
])
export type ClientSubscription = z.infer<typeof clientSubscriptionSchema>

export const serverSubscriptionSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('batch'), id: z.number().int(), items: z.array(z.unknown()), skipped: z.number().int() }),
  z.object({ do: z.literal('end'), id: z.number().int(), problem: problemSchema.nullable() }),
])
export type ServerSubscription = z.infer<typeof serverSubscriptionSchema>
