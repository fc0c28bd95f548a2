import { connect } from 'node:net'
import type { ClientTransport } from '#shared/client/index.ts'
import { EnvelopeLines } from './envelope-lines.ts'

/** Longest answer that is taken. A page of a recording holds 4 MiB and one message more, as hex or with each character escaped. */
const longestAnswer = 64 * 1024 * 1024

/** Dials a console's control socket. Rejects with the system's own error when nobody listens there. */
export function dialControlSocket(path: string): Promise<ClientTransport> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(new EnvelopeLines(socket, longestAnswer))
    })
  })
}
