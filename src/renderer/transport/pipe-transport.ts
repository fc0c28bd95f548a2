import type { ClientTransport } from '#shared/client/index.ts'
import { envelopeKinds } from '#shared/contract/envelope.ts'

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
    const end = (reason: string) => {
      if (!open) return
      open = false
      closed?.(reason)
    }
    return {
      send(envelope) {
        if (open) pipe.send(envelope)
      },
      onEnvelope(listener) {
        const mine = (envelope: string) => {
          if (envelope.startsWith(envelopeKinds.closed)) end(envelope.slice(1))
          else if (open) listener(envelope)
        }
        current = mine
      },
      onClosed(listener) {
        closed = listener
      },
      close() {
        if (open) pipe.send(`${envelopeKinds.closed}the page closed the connection`)
        end('The window closed the connection.')
      },
    }
  }
}
