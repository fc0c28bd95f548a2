import { isUtf8 } from 'node:buffer'
import type { ShownMessage } from '#shared/contract/messages.ts'
import { shownBrought } from './brought.ts'
import { bytesOfProperties, type MessageProperties } from './message-properties.ts'
import type { Sender } from './sender.ts'
import { kept } from './targets.ts'
import { filterMatches, parseTopicFilter } from './topic-filter.ts'

/** How many messages the ring holds while a tap is open. */
export const ringSize = 5_000

/** Most payload bytes that are shown of one message. */
export const shownBytes = 16 * 1024

/** Most payload bytes that are held of one message, so that it can be asked for whole. */
const heldBytes = 4 * 1024 * 1024

/** Most payload bytes that the ring holds; a flood of large messages makes it shorter. */
const ringBytes = 32 * 1024 * 1024

/** Most messages and most bytes of text in one batch, so that handing it over never takes long. */
const batchMessages = 2_000
const batchBytes = 1024 * 1024

/** A message in the ring. Its routes are filled in while it passes through them. */
export interface TappedMessage {
  readonly n: number
  readonly at: number
  readonly topic: string
  readonly payload: Uint8Array
  readonly bytes: number
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly brought: MessageProperties | null
  /** The broker it came from; null where the site has but one without a name. */
  readonly broker: string | null
  readonly sender: Sender | null
  readonly routes: ShownMessage['routes']
}

/** A payload as far as the ring holds it. */
export interface WholePayload {
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
  readonly bytes: number
  readonly cut: boolean
}

interface Reader {
  readonly matches: (message: TappedMessage) => boolean
  /** Number of the next message to look at. */
  next: number
  skipped: number
  ready: boolean
}

/**
 * The newest messages, kept only while somebody looks. A reader takes batches in its own time; what the ring has overwritten before a
 * reader looked at it is counted as skipped for that reader.
 */
export class TapRing {
  #ring: (TappedMessage | undefined)[] = []
  readonly #readers = new Map<number, Reader>()
  /** Number of the next message; numbers go on counting while no tap is open. */
  #next = 1
  /** Number of the oldest message that is still held. */
  #oldest = 1
  #bytes = 0

  /** Whether anybody looks. */
  get active(): boolean {
    return this.#readers.size > 0
  }

  /**
   * Opens a reader on what comes from now on. `text` must occur in topic or shown payload, in upper or lower case; with `route` only
   * what that route has seen, with `client` only what that client of the embedded broker published.
   */
  open(id: number, filter: string, text: string, route: string | null = null, client: string | null = null): void {
    this.#readers.set(id, { matches: matcher(filter, text, route, client), next: this.#next, skipped: 0, ready: true })
  }

  close(id: number): void {
    this.#readers.delete(id)
    if (this.#readers.size > 0) return
    this.#ring = []
    this.#bytes = 0
    this.#oldest = this.#next
  }

  /** The reader has taken its last batch and can have another. */
  grant(id: number): void {
    const reader = this.#readers.get(id)
    if (reader) reader.ready = true
  }

  push(
    topic: string,
    payload: Uint8Array,
    qos: 0 | 1 | 2,
    retain: boolean,
    at: number,
    brought: MessageProperties | null = null,
    broker: string | null = null,
    sender: Sender | null = null,
  ): TappedMessage {
    const n = this.#next++
    const copy = kept(payload.length > heldBytes ? payload.subarray(0, heldBytes) : payload)
    const held = typeof copy === 'string' ? Buffer.from(copy) : copy
    const message = {
      n,
      at,
      topic,
      payload: held,
      bytes: payload.length,
      qos,
      retain,
      brought,
      broker,
      sender,
      routes: [],
    }
    this.#bytes += sizeOf(message)
    while (this.#next - this.#oldest > ringSize || this.#bytes > ringBytes) this.#forgetOldest()
    this.#ring[n % ringSize] = message
    return message
  }

  /** The payload of a message as far as it is held; null when the ring has forgotten it. */
  whole(n: number, at: number): WholePayload | null {
    const message = n < this.#next ? this.#ring[n % ringSize] : undefined
    if (message?.n !== n || message.at !== at) return null
    const cut = message.bytes > message.payload.length
    const { text, encoding } = textOf(cut ? wholeCharacters(message.payload) : message.payload)
    return { payload: text, encoding, bytes: message.bytes, cut }
  }

  /** The next batch for every reader that is ready and has something to see. */
  batches(): readonly { readonly id: number; readonly messages: readonly ShownMessage[]; readonly skipped: number }[] {
    const batches = []
    for (const [id, reader] of this.#readers) {
      if (!reader.ready) continue
      const messages = this.#read(reader)
      if (messages.length === 0 && reader.skipped === 0) continue
      batches.push({ id, messages, skipped: reader.skipped })
      reader.skipped = 0
      reader.ready = false
    }
    return batches
  }

  #read(reader: Reader): readonly ShownMessage[] {
    if (reader.next < this.#oldest) {
      reader.skipped += this.#oldest - reader.next
      reader.next = this.#oldest
    }
    const messages: ShownMessage[] = []
    let bytes = 0
    while (reader.next < this.#next && messages.length < batchMessages && bytes < batchBytes) {
      const message = this.#ring[reader.next++ % ringSize]
      if (!message || !reader.matches(message)) continue
      messages.push(shownMessage(message))
      bytes += Math.min(shownBytes, message.payload.length)
    }
    return messages
  }

  #forgetOldest(): void {
    const place = this.#oldest++ % ringSize
    const message = this.#ring[place]
    if (message) this.#bytes -= sizeOf(message)
    this.#ring[place] = undefined
  }
}

/** The payload of a message as text when it is UTF-8, else as hex. A cut never leaves half a character behind. */
export function textOf(payload: Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'hex' } {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return isUtf8(buffer)
    ? { text: buffer.toString(), encoding: 'utf8' }
    : { text: buffer.toString('hex'), encoding: 'hex' }
}

function shownMessage(message: TappedMessage): ShownMessage {
  const cut = message.bytes > shownBytes
  const { text, encoding } = textOf(shownPart(message.payload))
  const shown = encoding === 'hex' ? text.slice(0, shownBytes) : text
  const { n, at, topic, bytes, qos, retain, brought, broker, sender, routes } = message
  const rest = { bytes, cut: cut || shown.length < text.length, qos, retain, routes }
  const properties = shownBrought(brought)
  const from = broker === null ? {} : { broker }
  const by = sender === null ? {} : { client: sender.client, ...(sender.user !== null && { user: sender.user }) }
  return { n, at, topic, payload: shown, encoding, ...rest, ...from, ...by, ...(properties && { properties }) }
}

function sizeOf({ payload, brought }: TappedMessage): number {
  return payload.length + bytesOfProperties(brought)
}

function shownPart(payload: Uint8Array): Uint8Array {
  return payload.length > shownBytes ? wholeCharacters(payload.subarray(0, shownBytes)) : payload
}

/** The bytes without a UTF-8 character that the cut has split. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return bytes
    if (byte >= 0xc0)
      return isUtf8(bytes.subarray(bytes.length - back)) ? bytes : bytes.subarray(0, bytes.length - back)
  }
  return bytes
}

function matcher(
  filter: string,
  text: string,
  route: string | null,
  client: string | null,
): (message: TappedMessage) => boolean {
  const parsed = parseTopicFilter(filter)
  const all = filter === '#'
  const needle = text.toLowerCase()
  return (message) => {
    // A filter that cannot be read shows nothing; "#" shows the broker's own topics too, as far as routes listen to them.
    if (!all && ('mistake' in parsed || !filterMatches(parsed.filter, message.topic))) return false
    if (client !== null && message.sender?.client !== client) return false
    if (route !== null && !message.routes.some((taken) => taken.route === route)) return false
    if (needle === '') return true
    return (
      message.topic.toLowerCase().includes(needle) ||
      textOf(shownPart(message.payload)).text.toLowerCase().includes(needle)
    )
  }
}
