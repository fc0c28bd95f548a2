import { createORPCClient } from '@orpc/client'
import { StandardRPCLink } from '@orpc/client/standard'
import type { ContractRouterClient } from '@orpc/contract'
import { ClientPeer } from '@orpc/standard-server-peer'
import type { z } from 'zod'
import { type clientHelloSchema, envelopeKinds, serverHelloSchema } from '../contract/envelope.ts'
import { type Contract, contractVersion } from '../contract/index.ts'
import { ConsoleError } from '../problem.ts'
import type { ClientTransport, Connection } from './connection.ts'
import { connectionLost, toConsoleError } from './errors.ts'
import { ClientStreams } from './streams.ts'

/**
 * Greets the console at the other end of a transport and resolves with a typed connection. Rejects with a ConsoleError:
 * `greeting-refused` reasons come from the console (wrong token, other version); `connection-lost` when it closed first.
 */
export function greet(
  transport: ClientTransport,
  hello: Omit<z.infer<typeof clientHelloSchema>, 'contract'>,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const streams = new ClientStreams((message) => transport.send(envelopeKinds.subscription + JSON.stringify(message)))
    const peer = new ClientPeer((message) => {
      if (typeof message !== 'string') throw new TypeError('The contract carries no binary bodies.')
      transport.send(envelopeKinds.call + message)
    })
    let greeted = false
    let markClosed: (reason: string) => void = () => {}
    const closed = new Promise<string>((done) => {
      markClosed = done
    })

    let over = false
    const lost = (reason: string) => {
      if (over) return
      over = true
      peer.close({ reason: connectionLost(reason) })
      streams.close()
      markClosed(reason)
      if (!greeted) reject(connectionLost(reason))
    }
    // Not every transport tells its own side of a close, so it is told here.
    const close = () => {
      transport.close()
      lost('This side closed the connection.')
    }

    transport.onClosed(lost)
    transport.onEnvelope((envelope) => {
      if (over) return
      const rest = envelope.slice(1)
      if (!greeted) {
        const answer = parseHello(envelope)
        if ('problem' in answer) {
          reject(ConsoleError.from(answer.problem))
          transport.close()
          return
        }
        greeted = true
        resolve({
          server: { version: answer.version, epoch: answer.epoch },
          calls: clientOver(peer, () => over),
          subscribe: (topic, params, onBatch, onEnd) => streams.open(topic, params, onBatch, onEnd),
          closed,
          close,
        })
        return
      }
      if (envelope.startsWith(envelopeKinds.call)) void peer.message(rest)
      else if (envelope.startsWith(envelopeKinds.subscription)) streams.receive(rest)
    })
    transport.send(envelopeKinds.hello + JSON.stringify({ contract: contractVersion, ...hello }))
  })
}

function parseHello(envelope: string): z.infer<typeof serverHelloSchema> {
  try {
    if (envelope.startsWith(envelopeKinds.hello)) return serverHelloSchema.parse(JSON.parse(envelope.slice(1)))
  } catch {
    // told below, like any other first envelope that is no greeting
  }
  const { problem } = new ConsoleError(
    'not-a-console',
    'Something answered that is not a Wheelhouse console, or one of another version.',
    'Check the address; start the console again and use the address that it prints.',
  )
  return { problem }
}

function clientOver(peer: ClientPeer, isOver: () => boolean): ContractRouterClient<Contract> {
  const link = new StandardRPCLink(
    {
      async call(request) {
        // A peer that was closed would wait for an answer for ever.
        if (isOver()) throw connectionLost('the connection is closed')
        const response = await peer.request(request)
        return { ...response, body: () => Promise.resolve(response.body) }
      },
    },
    {
      url: 'http://wheelhouse',
      interceptors: [
        async ({ next }) => {
          try {
            return await next()
          } catch (error) {
            throw toConsoleError(error)
          }
        },
      ],
    },
  )
  return createORPCClient(link)
}
