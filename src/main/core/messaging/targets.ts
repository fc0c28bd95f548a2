import type { IncomingMessage } from './incoming-message.ts'

/** A payload on its way out: the bytes that came in, or the text or bytes that a mapping made. */
export type Payload = string | Uint8Array

/** What a target did with a message at once. */
export type Offered = 'delivered' | 'queued' | 'dropped'

/** A place that a route delivers to. Taking a message never waits; what cannot go at once is queued within a bound. */
export interface Target {
  /** `key`: what the expression of the target's `key` gave, where it has one. */
  offer(message: IncomingMessage, payload: Payload, key?: string | null): Offered
  /** No route feeds it any more: it delivers what it holds and then forgets itself. */
  retire(): void
}

/** Where messages go that a route could not handle. */
export interface Quarantine {
  /** `broker` is the one that the route listens to. */
  hold(route: string, message: IncomingMessage, reason: string, broker?: string | null): void
}

/** Bytes of a payload when it is sent. */
export function bytesOf(payload: Payload): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
}

/**
 * A payload that may be kept: bytes from the network are a window on the larger buffer that they arrived in, which a queue of small
 * messages would otherwise keep whole.
 */
export function kept(payload: Payload): Payload {
  if (typeof payload === 'string') return payload
  return payload.buffer.byteLength > payload.length * 2 + 512 ? Buffer.from(payload) : payload
}
