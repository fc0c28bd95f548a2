import type { ClientTransport } from '#shared/client/index.ts'

/** Makes transports over a WebSocket to `address`, such as `ws://127.0.0.1:4410/connect`. */
export function webSocketDialer(address: string): () => ClientTransport {
  return () => {
    const socket = new WebSocket(address)
    // What is sent before the socket is open waits for it; there is only ever the greeting.
    let waiting: string[] | null = []
    socket.addEventListener('open', () => {
      for (const envelope of waiting ?? []) socket.send(envelope)
      waiting = null
    })
    return {
      send(envelope) {
        if (waiting) waiting.push(envelope)
        else if (socket.readyState === WebSocket.OPEN) socket.send(envelope)
      },
      onEnvelope(listener) {
        socket.addEventListener('message', (event: MessageEvent<unknown>) => {
          if (typeof event.data === 'string') listener(event.data)
        })
      },
      onClosed(listener) {
        socket.addEventListener('close', (event) =>
          listener(event.reason === '' ? 'The console stopped or closed the connection.' : event.reason),
        )
      },
      close() {
        socket.close()
      },
    }
  }
}
