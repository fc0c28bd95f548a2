import { connect } from 'node:net'
import type { PostgresAddress } from '#core/config/index.ts'

/** Code of a CancelRequest in place of a protocol version (PostgreSQL manual, 55.7). */
const cancelCode = 80_877_102

/**
 * Asks the server to cancel what runs on a connection, over a connection of its own, without waiting for the outcome: the
 * statement answers with 57014, or has ended anyway. Servers take this request without TLS, whatever the other connection has.
 */
export function sendCancel(
  { host, port }: PostgresAddress,
  key: { readonly process: number; readonly secret: number },
): void {
  const request = Buffer.alloc(16)
  request.writeInt32BE(16, 0)
  request.writeInt32BE(cancelCode, 4)
  request.writeInt32BE(key.process, 8)
  request.writeInt32BE(key.secret, 12)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  socket.setTimeout(2_000, () => socket.destroy())
  socket.on('error', () => {}) // the time-out of the statement does without it
  socket.on('connect', () => socket.end(request))
  socket.unref()
}
