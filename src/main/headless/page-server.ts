import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ServerTransport } from '#core/api/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import { longestEnvelope } from '#shared/contract/envelope.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type PageAnswer, pageFiles, refusal } from '../console/page-files.ts'
import { isLoopback, isOwnHost, isOwnOrigin, type OwnAddress, pageAddress } from './own-address.ts'
import { webSocketTransport } from './web-socket-transport.ts'

/** Where the page opens its WebSocket. */
const connectPath = '/connect'

const limits = {
  /** Pages that may be connected at once; more are turned away with 503. */
  webSockets: 64,
  /** TCP connections, files and WebSockets together. */
  connections: 256,
  /** Milliseconds for a request's headers, and for the whole request. */
  headersMs: 5_000,
  requestMs: 10_000,
  /** A page that does not answer a ping between two of these is gone. Milliseconds. */
  pingEveryMs: 30_000,
  /** Milliseconds that connections have to end by themselves when the host closes. */
  closeMs: 1_000,
}

export interface PageServerOptions {
  /** Folder of the built renderer. */
  readonly directory: string
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** By what the times that a browser has are multiplied; 1 unless given. */
  readonly patience?: number
  readonly clock: Clock
  readonly logger: Logger
  readonly onTransport: (transport: ServerTransport) => void
}

export interface PageServer extends AsyncDisposable {
  /** The address to open, without the token. */
  readonly address: string
  readonly port: number
}

/**
 * Serves the page and takes its WebSockets. Who may operate is settled by the greeting on the WebSocket (a token); here only
 * this host's own page is let in: `Host` on every request, `Origin` on the upgrade. Rejects with `port-in-use`,
 * `port-forbidden` or `address-missing`.
 */
export async function servePage(options: PageServerOptions): Promise<PageServer> {
  const { directory, host, clock, logger, patience = 1 } = options
  const files = pageFiles({ directory, connect: 'own origin', logger })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4 * longestEnvelope, perMessageDeflate: false })
  const server = createServer({
    headersTimeout: limits.headersMs * patience,
    requestTimeout: limits.requestMs * patience,
    connectionsCheckingInterval: 1_000,
  })
  server.maxConnections = limits.connections
  const own: OwnAddress = { host, port: await listening(server, options) }

  server.on('request', (request, response) => {
    void answer(request, own, files)
      .then((result) => respond(response, result))
      .catch((error: unknown) => {
        logger.error('A request could not be answered.', { error: String(error) })
        response.destroy()
      })
  })
  server.on('upgrade', (request, stream, head) => {
    const refused = refuseUpgrade(request, own, sockets.clients.size)
    if (refused) {
      logger.warn('A WebSocket was refused.', { status: refused.status, origin: request.headers.origin })
      refuseStream(stream, refused)
    } else
      sockets.handleUpgrade(request, stream, head, (socket) => options.onTransport(webSocketTransport(socket, logger)))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    // Browsers open connections ahead of need. An answer on one that has asked nothing is taken for the answer to the next page.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') stream.destroy()
    else refuseStream(stream, refusal(400, 'This is not an HTTP request.'))
  })
  const heartbeat = keepAlive(sockets, clock, limits.pingEveryMs * patience)

  return {
    address: pageAddress(own),
    port: own.port,
    async [Symbol.asyncDispose]() {
      heartbeat[Symbol.dispose]()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets.clients) socket.close(1001, 'the console stops')
      server.closeIdleConnections()
      using _impatience = clock.after(limits.closeMs, () => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections()
      })
      await closed
    },
  }
}

async function answer(
  request: IncomingMessage,
  own: OwnAddress,
  files: (path: string, method: string) => Promise<PageAnswer>,
): Promise<PageAnswer> {
  if (!isOwnHost(request.headers.host, own)) {
    return refusal(421, `This console answers only to the address that it printed: ${pageAddress(own)}`)
  }
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  if (!path.startsWith('/')) return refusal(400, 'This is not an address of this console.')
  if (path === connectPath) return refusal(426, 'This address is for the page’s WebSocket.')
  return files(path, request.method ?? '')
}

function respond(response: ServerResponse, { status, headers, body }: PageAnswer): void {
  response.writeHead(status, { ...headers, ...(body.length > 0 && { 'Content-Length': body.length }) })
  response.end(body)
}

/** Why a WebSocket is not let in, or null. */
function refuseUpgrade(request: IncomingMessage, own: OwnAddress, connected: number): PageAnswer | null {
  const { host, origin } = request.headers
  if (!isOwnHost(host, own)) return refusal(421, 'This console answers only to the address that it printed.')
  if (request.url?.split('?', 1)[0] !== connectPath) return refusal(404, 'There is no WebSocket here.')
  if (!isOwnOrigin(origin, host, own)) return refusal(403, 'Only the console’s own page may connect.')
  if (connected >= limits.webSockets) return refusal(503, 'Too many pages are connected: close some.')
  return null
}

function refuseStream(stream: Duplex, { status, headers, body }: PageAnswer): void {
  if (!stream.writable) {
    stream.destroy()
    return
  }
  stream.on('error', () => stream.destroy())
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = [`HTTP/1.1 ${status} Refused`, ...lines, `Content-Length: ${body.length}`, 'Connection: close', '', '']
  stream.end(Buffer.concat([Buffer.from(head.join('\r\n')), body]), () => stream.destroy())
}

/** Finds pages that went away without a word (a sleeping laptop, a cut network). */
function keepAlive(sockets: WebSocketServer, clock: Clock, everyMs: number): Disposable {
  const silent = new WeakSet<WebSocket>()
  const check = () => {
    timer = clock.after(everyMs, check)
    for (const socket of sockets.clients) {
      if (silent.has(socket)) socket.terminate()
      else {
        silent.add(socket)
        socket.once('pong', () => silent.delete(socket))
        socket.ping()
      }
    }
  }
  let timer = clock.after(everyMs, check)
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}

function listening(server: Server, { host, port, logger }: PageServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port))
    server.once('error', refuse)
    server.listen({ host, port }, () => {
      server.off('error', refuse)
      server.on('error', (error) => logger.error('The page server failed.', { error: String(error) }))
      const bound = server.address()
      resolve(typeof bound === 'object' && bound ? bound.port : port)
    })
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ConsoleError {
  const where = { params: { host, port }, cause: error }
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConsoleError(
        'port-in-use',
        `The console cannot listen on port ${port} of ${host}: another program has it.`,
        'Choose another with --port, or leave --port out and the console takes a free one.',
        { ...where, retryable: true },
      )
    case 'EACCES':
      return new ConsoleError(
        'port-forbidden',
        `The console may not listen on port ${port}: ports below 1024 are for the system.`,
        'Choose a port from 1024 to 65535 with --port.',
        where,
      )
    default:
      return new ConsoleError(
        'address-missing',
        `The console cannot listen on ${host}: ${error.message}.`,
        isLoopback(host)
          ? 'Look at the network settings of this machine.'
          : 'Choose an address of this machine with --host.',
        where,
      )
  }
}
