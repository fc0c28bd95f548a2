import type { Aedes } from 'aedes'

/** Messages that wait for one client with a session of its own, and the bytes that wait for all of them together. */
export const mostWaiting = 1_000
export const mostWaitingBytes = 64 * 1024 * 1024

interface Session {
  messages: number
  bytes: number
}

interface WaitingMessage {
  readonly payload: { readonly length: number }
}

/** What is used of the broker's store of sessions. */
interface SessionStore {
  outgoingEnqueueCombi(subscriptions: readonly { readonly clientId: string }[], packet: WaitingMessage): Promise<void>
}

/**
 * Bounds what the broker keeps in memory for clients that ask for a session (clean = false) and do not acknowledge, or are away. Beyond
 * it new messages are not kept for that client; `onFull` is told.
 */
export function boundSessions(broker: Aedes, onFull: (clientId: string) => void): void {
  const store: unknown = Reflect.get(broker, 'persistence')
  if (!isSessionStore(store)) throw new Error('The broker has no store of sessions.')
  const sessions = new Map<string, Session>()
  let bytes = 0
  const enqueue = store.outgoingEnqueueCombi.bind(store)
  store.outgoingEnqueueCombi = (subscriptions, packet) => {
    const size = packet.payload.length
    const taken = subscriptions.filter(({ clientId }) => {
      const session = sessions.get(clientId) ?? { messages: 0, bytes: 0 }
      if (session.messages >= mostWaiting || bytes + size > mostWaitingBytes) {
        onFull(clientId)
        return false
      }
      session.messages++
      session.bytes += size
      bytes += size
      sessions.set(clientId, session)
      return true
    })
    return enqueue(taken, packet)
  }
  broker.on('ack', (packet, client) => {
    const session = sessions.get(client.id)
    if (!session) return
    // The end of a QoS 2 hand-shake no longer says how large the message was.
    const size = 'payload' in (packet ?? {}) ? sizeOf(packet) : session.bytes / session.messages
    session.messages--
    session.bytes -= size
    bytes -= size
    if (session.messages <= 0) forget(client.id)
  })
  broker.on('client', (client) => {
    if (client.clean) forget(client.id)
  })

  function forget(clientId: string): void {
    bytes -= sessions.get(clientId)?.bytes ?? 0
    sessions.delete(clientId)
  }
}

function sizeOf(packet: object): number {
  const payload: unknown = Reflect.get(packet, 'payload')
  return typeof payload === 'string' || payload instanceof Uint8Array ? payload.length : 0
}

function isSessionStore(value: unknown): value is SessionStore {
  return typeof value === 'object' && value !== null && 'outgoingEnqueueCombi' in value
}
