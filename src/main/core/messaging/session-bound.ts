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
  /** Notes that a packet is being sent to a client that is connected; rejects for one that was never kept. */
  outgoingUpdate(client: { readonly id: string }, packet: object): Promise<unknown>
  outgoingEnqueueCombi(subscriptions: readonly { readonly clientId: string }[], packet: WaitingMessage): Promise<void>
}

/**
 * Bounds what the broker keeps in memory for clients that ask for a session (clean = false) and do not acknowledge, or are away. Beyond
 * it new messages are not kept for that client; `onFull` is told. One that is connected gets them all the same, as far as its connection
 * lasts: it is slow, not wrong.
 */
export function boundSessions(broker: Aedes, onFull: (clientId: string) => void): void {
  const store: unknown = Reflect.get(broker, 'persistence')
  if (!isSessionStore(store)) throw new Error('The broker has no store of sessions.')
  const sessions = new Map<string, Session>()
  /** Messages of each client that were not kept, and may be on their way to it. */
  const unkept = new Map<string, number>()
  let bytes = 0
  const update = store.outgoingUpdate.bind(store)
  store.outgoingUpdate = async (client, packet) => {
    try {
      return await update(client, packet)
    } catch (error) {
      const left = unkept.get(client.id) ?? 0
      if (left === 0) throw error
      unkept.set(client.id, left - 1)
      return undefined
    }
  }
  const enqueue = store.outgoingEnqueueCombi.bind(store)
  store.outgoingEnqueueCombi = (subscriptions, packet) => {
    const size = packet.payload.length
    const taken = subscriptions.filter(({ clientId }) => {
      const session = sessions.get(clientId) ?? { messages: 0, bytes: 0 }
      if (session.messages >= mostWaiting || bytes + size > mostWaitingBytes) {
        onFull(clientId)
        unkept.set(clientId, (unkept.get(clientId) ?? 0) + 1)
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
    // What was not kept is not there any more to be counted.
    if (!session || packet === undefined) return
    // The end of a QoS 2 hand-shake no longer says how large the message was.
    const size = 'payload' in (packet ?? {}) ? sizeOf(packet) : session.bytes / session.messages
    session.messages--
    session.bytes -= size
    bytes -= size
    if (session.messages <= 0) forget(client.id)
  })
  broker.on('client', (client) => {
    unkept.delete(client.id)
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
  return typeof value === 'object' && value !== null && 'outgoingEnqueueCombi' in value && 'outgoingUpdate' in value
}
