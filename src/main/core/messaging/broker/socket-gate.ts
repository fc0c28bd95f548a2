import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { Rate } from '#core/config/index.ts'
import { KeyedRate } from './rates.ts'

/** Connections that have not said who they are yet: of further ones the oldest goes. They have ten seconds each. */
const mostUnnamed = 200

/** Largest packet of one that has not been let in: a CONNECT with a will of 64 KiB fits. */
const largestUnnamed = 256 * 1024

export interface SocketGateParts {
  readonly connects: Rate
  /** Bytes. */
  readonly largestPacket: number
  readonly handle: (socket: Socket) => Client
  readonly refuse: (sentence: string) => void
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** What happens to a connection before it is a client: how often an address may come, how many may keep silent, how much one may send. */
export class SocketGate {
  readonly #parts: SocketGateParts
  readonly #rate: KeyedRate
  readonly #sockets = new Set<Socket>()
  /** In the order in which they came. */
  readonly #unnamed = new Set<Socket>()

  constructor(parts: SocketGateParts) {
    this.#parts = parts
    this.#rate = new KeyedRate(parts.connects)
  }

  take(socket: Socket): void {
    const address = addressOf(socket)
    socket.on('error', () => {}) // its end is told by 'close'
    if (this.#rate.take(address, this.#parts.now()) > 0) {
      const { count, perMs } = this.#parts.connects
      this.#parts.refuse(`Connections from ${address} are closed unread: more than ${count} in ${perMs / 1000} s.`)
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#unnamed.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#unnamed.delete(socket)
    })
    if (this.#unnamed.size > mostUnnamed) {
      const [oldest] = this.#unnamed
      this.#parts.refuse(
        `A connection from ${oldest ? addressOf(oldest) : 'an unknown address'} was closed: ${mostUnnamed} others had not said either who they are.`,
      )
      oldest?.destroy()
    }
    const client = this.#parts.handle(socket)
    // After the broker has read what arrived, its parser knows how long the packet is that has begun.
    socket.on('readable', () => {
      const length = lengthOfPacketBegun(client)
      const most = this.#unnamed.has(socket)
        ? Math.min(largestUnnamed, this.#parts.largestPacket)
        : this.#parts.largestPacket
      if (length <= most || socket.destroyed) return
      this.#parts.refuse(
        `Client ${client.id ?? `at ${address}`} was disconnected: it sent a packet of ${length} bytes, more than the ${most} that are taken.`,
      )
      socket.destroy()
    })
  }

  /** The connection has been let in. */
  named(socket: object): void {
    for (const one of this.#unnamed) if (one === socket) this.#unnamed.delete(one)
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The address without a port; one of IPv4 as such also where it came in by IPv6. */
function addressOf({ remoteAddress }: Socket): string {
  return remoteAddress?.replace(/^::ffff:/, '') ?? 'an unknown address'
}

/** Bytes of the packet that a client has begun to send, -1 between packets. Read from the pinned aedes and mqtt-packet. */
function lengthOfPacketBegun(client: object): number {
  const parser = property(client, '_parser')
  const length = property(property(parser, 'packet'), 'length')
  return typeof length === 'number' ? length : -1
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
