import type { ClientTransport } from '#shared/client/index.ts'

/** What the desktop app's preload puts on the page: two functions and nothing else. */
export interface PreloadPipe {
  send(envelope: string): void
  onEnvelope(listener: (envelope: string) => void): void
}

/**
 * Makes transports over the preload's pipe. The pipe itself cannot be closed or listened to anew, so one listener is hung on
 * it and handed to whichever transport is the newest; a new greeting makes the console start a new connection.
 */
export function pipeDialer(pipe: PreloadPipe): () => ClientTransport {
  let current: ((envelope: string) => void) | null = null
  pipe.onEnvelope((envelope) => current?.(envelope))
  return () => {
    let closed: ((reason: string) => void) | null = null
    let open = true
    return {
      send(envelope) {
        if (open) pipe.send(envelope)
      },
      onEnvelope(listener) {
        const mine = (envelope: string) => {
          if (open) listener(envelope)
        }
        current = mine
      },
      onClosed(listener) {
        closed = listener
      },
      close() {
        if (!open) return
        open = false
        closed?.('The window closed the connection.')
      },
    }
  }
}
