import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pushLimits } from './push-document.ts'
import { isAuthorized } from './push-token.ts'

export interface HttpIntakeParts {
  readonly secret: string
  /** Whether the service may push over HTTP. */
  readonly mayPush: (service: string) => boolean
  /** Takes the text of a push; why it was not taken, or null. */
  readonly take: (service: string, text: string) => string | null
}

/** A request that takes longer is ended. Milliseconds. */
const requestMs = 5_000
const mostConnections = 128

/** Takes pushes as `POST /services/<id>` on loopback, each with the token of its service. */
export class HttpIntake {
  readonly #parts: HttpIntakeParts
  readonly #server: Server

  constructor(parts: HttpIntakeParts) {
    this.#parts = parts
    this.#server = createServer(
      {
        requestTimeout: requestMs,
        headersTimeout: requestMs,
        keepAliveTimeout: 30_000,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => this.#answer(request, response),
    )
    this.#server.maxConnections = mostConnections
  }

  /** Resolves with the port; rejects with the system's own error. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {}) // one connection less: whoever pushes tries again
        resolve(portOf(this.#server.address()))
      })
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const service = /^\/services\/([a-z][a-z0-9-]*)$/.exec(request.url ?? '')?.[1]
    // Nobody without the token learns which services there are.
    if (service === undefined || !isAuthorized(request.headers.authorization, this.#parts.secret, service)) {
      refuse(
        response,
        401,
        'Send the token of WHEELHOUSE_PUSH_TOKEN as “Authorization: Bearer …” to WHEELHOUSE_PUSH_URL.',
      )
      return
    }
    if (!this.#parts.mayPush(service)) {
      refuse(response, 403, `Service ${service} may not push over HTTP: add “push: http” to it in site.yaml.`)
      return
    }
    if (request.method !== 'POST') {
      refuse(response, 405, 'Push with POST.')
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > pushLimits.bytes) refuse(response, 413, `A push is at most ${pushLimits.bytes} bytes.`)
      else chunks.push(chunk)
    })
    request.on('error', () => {})
    request.on('end', () => {
      if (response.writableEnded) return
      const why = this.#parts.take(service, Buffer.concat(chunks).toString('utf8'))
      if (why === null) response.writeHead(204).end()
      else refuse(response, 400, why)
    })
  }
}

/** The connection is not kept: what is still on its way is not read. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.writableEnded) return
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ message }))
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address ? address.port : 0
}
