import { join } from 'node:path'
import { WebSocket } from 'ws'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import type { ClientTransport } from '#shared/client/index.ts'
import { servePage } from '../../src/main/headless/page-server.ts'
import { contractSuite } from './contract-suite.ts'

contractSuite('a WebSocket', async (console) => {
  const token = 'the-token-of-this-suite'
  const server = await servePage({
    directory: join(import.meta.dirname, '../../out/renderer'),
    host: '127.0.0.1',
    port: 0,
    clock: systemClock(),
    logger: silentLogger,
    onTransport: (transport) => console.connect(transport, { client: 'browser', token }),
  })
  const address = `${server.address.replace(/^http/, 'ws').replace(/\/$/, '')}/connect`
  return {
    token,
    connect: () => dial(address),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
})

function dial(address: string): Promise<ClientTransport> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, {
      headers: { origin: address.replace(/^ws/, 'http').replace(/\/connect$/, '') },
    })
    socket.addEventListener('error', () => reject(new Error(`Nobody answers at ${address}.`)))
    socket.addEventListener('open', () =>
      resolve({
        send: (envelope) => socket.send(envelope),
        onEnvelope: (listener) => socket.addEventListener('message', ({ data }) => listener(String(data))),
        onClosed: (listener) => socket.addEventListener('close', ({ reason }) => listener(reason || 'closed')),
        close: () => socket.close(),
      }),
    )
  })
}
