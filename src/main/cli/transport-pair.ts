import type { ServerTransport } from '#core/api/index.ts'
import type { ClientTransport } from '#shared/client/index.ts'
import { TransportListeners } from '../console/transport-listeners.ts'

/**
 * Both ends of a pipe within this process: the command line speaks to a console of its own as it would to a running one.
 * Envelopes arrive in order, in a turn of their own, as over a socket.
 */
export function transportPair(): { readonly client: ClientTransport; readonly server: ServerTransport } {
  const atClient = new TransportListeners()
  const atServer = new TransportListeners()
  const end = (reason: string) => {
    atClient.end(reason)
    atServer.end(reason)
  }
  const post = (to: TransportListeners, envelope: string) => queueMicrotask(() => to.receive(envelope))
  return {
    client: {
      send: (envelope) => post(atServer, envelope),
      onEnvelope: (listener) => atClient.onEnvelope(listener),
      onClosed: (listener) => atClient.onClosed(listener),
      close: () => queueMicrotask(() => end('closed')),
    },
    server: {
      send: (envelope) => post(atClient, envelope),
      onEnvelope: (listener) => atServer.onEnvelope(listener),
      onClosed: (listener) => atServer.onClosed(listener),
      close: (reason) => queueMicrotask(() => end(reason)),
      buffered: () => 0,
    },
  }
}
