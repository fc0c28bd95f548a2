import type { WebSocket } from 'ws'
import type { ServerTransport } from '#core/api/index.ts'
import type { Logger } from '#core/platform/index.ts'
import { mostUntaken } from '../console/envelope-lines.ts'
import { TransportListeners } from '../console/transport-listeners.ts'

/** Close codes of RFC 6455, section 7.4.1. */
const closeCodes = { normal: 1000, unsupportedData: 1003 }

/** A browser's WebSocket as the server's end of a pipe of envelopes. Text only: a binary message ends the connection. */
export function webSocketTransport(socket: WebSocket, logger: Logger): ServerTransport {
  const listeners = new TransportListeners()
  socket.on('message', (data, isBinary) => {
    if (isBinary) socket.close(closeCodes.unsupportedData, 'the contract carries text only')
    else listeners.receive(String(data))
  })
  // What went wrong is told by the close that follows; without a listener it would end the process.
  socket.on('error', () => {})
  socket.once('close', (_code, reason) => listeners.end(reason.toString('utf8') || 'the page closed the connection'))
  return {
    send(envelope) {
      if (socket.readyState !== socket.OPEN) return
      socket.send(envelope)
      // A page that asks for more than it reads: it reconnects when it comes to itself.
      if (socket.bufferedAmount <= mostUntaken) return
      logger.warn('A page does not take what it asked for; its connection was ended.', { bytes: socket.bufferedAmount })
      socket.terminate()
    },
    onEnvelope: (listener) => listeners.onEnvelope(listener),
    onClosed: (listener) => listeners.onClosed(listener),
    close: (reason) => socket.close(closeCodes.normal, shortened(reason)),
    buffered: () => socket.bufferedAmount,
  }
}

/** A close frame carries at most 123 bytes of reason. */
function shortened(reason: string): string {
  return Buffer.from(reason, 'utf8')
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\uFFFD$/, '')
}
