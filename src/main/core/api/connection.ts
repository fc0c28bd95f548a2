import { timingSafeEqual } from 'node:crypto'
import { ORPCError } from '@orpc/server'
import { StandardRPCHandler } from '@orpc/server/standard'
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer'
import { ServerPeer } from '@orpc/standard-server-peer'
import type { Clock, Logger } from '#core/platform/index.ts'
import { clientHelloSchema, envelopeKinds, longestEnvelope } from '#shared/contract/envelope.ts'
import { contractVersion } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { ApiContext, ConsoleControl } from './context.ts'
import { toProblem } from './failures.ts'
import { router } from './router.ts'
import { Subscriptions } from './subscriptions.ts'
import type { ServerTransport } from './transport.ts'

/** How long a client has to greet. Milliseconds. */
const greetWithinMs = 5_000
/** Calls of one connection that may be under way. A screen has a dozen, waits for jobs included. */
const mostCalls = 200

export interface ConnectionOptions {
  readonly console: ConsoleControl
  /** What kinds of clients this transport carries. */
  readonly client: 'window' | 'browser' | 'command line'
  /** The token that the greeting must carry; null where the transport itself proves who it is (pipe, socket 0600). */
  readonly token: string | null
  /** Whether answers to unforeseen failures carry the stack; not unless given. */
  readonly stacks?: boolean
  /** By what the time that a client has to greet is multiplied; 1 unless given. */
  readonly patience?: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Serves one client: greeting, calls, streams. Anything that is not an envelope of the contract closes the connection, and
 * only this one. Disposing it closes the transport.
 */
export function serveConnection(transport: ServerTransport, options: ConnectionOptions): Disposable {
  const { console, logger } = options
  const context: ApiContext = { console, cause: { type: 'operator', via: options.client } }
  const peer = new ServerPeer((message) => {
    if (typeof message !== 'string') throw new TypeError('The contract carries no binary bodies.')
    transport.send(envelopeKinds.call + message)
  })
  const answer = createServerPeerHandleRequestFn(rpcHandler(logger, options.stacks ?? false), { context })
  let subscriptions: Subscriptions | null = null
  let over = false

  const deadline = options.clock.after(greetWithinMs * (options.patience ?? 1), () => close('no greeting within 5 s'))
  const close = (reason: string) => {
    if (over) return
    finish()
    transport.close(reason)
  }
  const finish = () => {
    over = true
    deadline[Symbol.dispose]()
    subscriptions?.[Symbol.dispose]()
    peer.close()
  }

  transport.onClosed(() => {
    if (!over) finish()
  })
  transport.onEnvelope((envelope) => {
    if (over) return
    if (envelope.length > longestEnvelope) {
      logger.warn('A client sent more than an envelope may hold; its connection was closed.', {
        client: options.client,
      })
      close('envelope too long')
      return
    }
    try {
      receive(envelope)
    } catch (error) {
      logger.warn('A client sent something that is not part of the contract; its connection was closed.', {
        client: options.client,
        error: error instanceof Error ? error.message : String(error),
      })
      close('not part of the contract')
    }
  })
  return { [Symbol.dispose]: () => close('the console closes') }

  function receive(envelope: string): void {
    const rest = envelope.slice(1)
    if (!subscriptions) {
      greet(envelope)
      return
    }
    if (envelope.startsWith(envelopeKinds.call)) {
      peer.message(rest, answer).catch((error: unknown) => {
        logger.warn('A call could not be read; its connection was closed.', { error: String(error) })
        close('not part of the contract')
      })
    } else if (envelope.startsWith(envelopeKinds.subscription)) subscriptions.receive(rest)
    else throw new Error(`an envelope of kind ${JSON.stringify(envelope.slice(0, 1))}`)
  }

  function greet(envelope: string): void {
    if (!envelope.startsWith(envelopeKinds.hello)) throw new Error('the first envelope was no greeting')
    const hello = clientHelloSchema.parse(JSON.parse(envelope.slice(1)))
    const refusal = refuse(hello, options.token)
    if (refusal) {
      transport.send(envelopeKinds.hello + JSON.stringify({ problem: refusal.problem }))
      close(refusal.problem.code)
      return
    }
    deadline[Symbol.dispose]()
    subscriptions = new Subscriptions({
      transport,
      send: (message) => transport.send(envelopeKinds.subscription + JSON.stringify(message)),
      context,
      clock: options.clock,
      logger,
    })
    transport.send(
      envelopeKinds.hello +
        JSON.stringify({ contract: contractVersion, epoch: console.state.epoch, version: console.version }),
    )
  }
}

function refuse(
  hello: { readonly contract: number; readonly token?: string | undefined },
  token: string | null,
): ConsoleError | null {
  if (token !== null && !sameToken(hello.token ?? '', token)) {
    return new ConsoleError(
      'token-wrong',
      'This address is not, or no longer, allowed to operate the console.',
      'Use the address that the console printed when it started; it changes with every start.',
    )
  }
  if (hello.contract !== contractVersion) {
    return new ConsoleError(
      'version-differs',
      `The page speaks version ${hello.contract} of the contract, the console version ${contractVersion}.`,
      'Load the page again; if that does not help, update the older of the two.',
    )
  }
  return null
}

function sameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** For one connection: what is refused because too much is under way is refused before anything is done for it. */
function rpcHandler(logger: Logger, stacks: boolean): StandardRPCHandler<ApiContext> {
  let underWay = 0
  return new StandardRPCHandler(router, {
    clientInterceptors: [
      async ({ next, path }) => {
        underWay++
        try {
          if (underWay > mostCalls) throw tooManyCalls()
          return await next()
        } catch (error) {
          const problem = toProblem(error, path.join('.'), logger, stacks)
          throw new ORPCError('REFUSED', { defined: true, status: 422, message: problem.message, data: problem })
        } finally {
          underWay--
        }
      },
    ],
  })
}

function tooManyCalls(): ConsoleError {
  return new ConsoleError(
    'too-many-calls',
    `This connection has ${mostCalls} calls under way, and the console takes no more of them before some have been answered.`,
    'Wait for the answers to earlier calls, and call again.',
    { params: { most: mostCalls }, retryable: true },
  )
}
