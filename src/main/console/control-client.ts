import { connect } from 'node:net'
import type { ClientTransport } from '#shared/client/index.ts'
import { EnvelopeLines } from './envelope-lines.ts'

/** Dials a console's control socket. Rejects with the system's own error when nobody listens there. */
export function dialControlSocket(path: string): Promise<ClientTransport> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(new EnvelopeLines(socket))
    })
  })
}
