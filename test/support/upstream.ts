import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What an upstream does with one request, its body read. */
export type Behaviour = (response: ServerResponse, request: SeenRequest) => void

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly socket: Socket
}

/** A small real HTTP server on loopback that behaves as it is told and remembers what it was asked. */
export interface Upstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly seen: readonly SeenRequest[]
  /** Requests whose answer has not ended and whose connection stands. */
  readonly open: number
  behave(behaviour: Behaviour): void
}

export async function upstream(behaviour: Behaviour = (response) => response.end('fine')): Promise<Upstream> {
  let behave = behaviour
  const seen: SeenRequest[] = []
  let open = 0
  const server = createServer((request, response) => {
    open++
    response.once('close', () => open--)
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers, socket } = request
      const one = { method, url, headers, body: Buffer.concat(pieces).toString(), socket }
      seen.push(one)
      behave(response, one)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A listening server has a port.')
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    seen,
    get open() {
      return open
    },
    behave: (next) => {
      behave = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Behaviours that others are made of. */
export const behaviours = {
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour =>
    (response) =>
      response.writeHead(status, headers).end(`status ${status}`),
  /** Takes the request and never answers. */
  hang: (): void => {},
  /** Begins an answer and stops in the middle of it. */
  stall: (response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': '1000' }).write('the beginning')
  },
  /** Closes the connection without an answer. */
  close: (_response: ServerResponse, { socket }: SeenRequest): void => {
    socket.destroy()
  },
  /** Begins an answer and closes the connection in the middle of it. */
  breakOff: (response: ServerResponse, { socket }: SeenRequest): void => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('the beginning', () => socket.destroy())
  },
} satisfies Record<string, unknown>
