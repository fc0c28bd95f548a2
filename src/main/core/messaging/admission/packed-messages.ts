/**
 * Messages on their way from a broker's thread to the data plane, payloads one after the other in one buffer that changes hands: what
 * came from the network is a window on more than itself.
 */
export interface PackedMessages {
  readonly topics: readonly string[]
  /** Ids of the clients that published them, each once; empty for the broker itself. */
  readonly clients: readonly string[]
  /** For each message the place of its client in `clients`. */
  readonly senders: readonly number[]
  /** Where the payload of each one ends in `payloads`. */
  readonly ends: readonly number[]
  readonly payloads: Uint8Array<ArrayBuffer>
}

const firstBytes = 16 * 1024

/** Gathers messages into one pack; what is added is copied at once. */
export class MessagePack {
  #topics: string[] = []
  #clients: string[] = []
  #places = new Map<string, number>()
  #senders: number[] = []
  #ends: number[] = []
  #payloads = new Uint8Array(new ArrayBuffer(firstBytes))
  #bytes = 0
  /** The client of the message before, and its place: mostly it is that of the next one too. */
  #lastClient: string | undefined
  #lastPlace = 0

  get length(): number {
    return this.#topics.length
  }

  /** Bytes of the payloads so far. */
  get bytes(): number {
    return this.#bytes
  }

  add(client: string, topic: string, payload: string | Uint8Array): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    const end = this.#bytes + bytes.length
    if (end > this.#payloads.length) this.#grow(end)
    this.#payloads.set(bytes, this.#bytes)
    this.#bytes = end
    this.#topics.push(topic)
    this.#ends.push(end)
    this.#senders.push(this.#placeOf(client))
  }

  /** What was gathered, to be handed over with its buffer; the pack is empty then. */
  take(): PackedMessages {
    const packed: PackedMessages = {
      topics: this.#topics,
      clients: this.#clients,
      senders: this.#senders,
      ends: this.#ends,
      payloads: this.#payloads,
    }
    this.#topics = []
    this.#clients = []
    this.#places = new Map()
    this.#senders = []
    this.#ends = []
    this.#payloads = new Uint8Array(new ArrayBuffer(firstBytes))
    this.#bytes = 0
    this.#lastClient = undefined
    return packed
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(new ArrayBuffer(Math.max(needed, 2 * this.#payloads.length)))
    larger.set(this.#payloads.subarray(0, this.#bytes))
    this.#payloads = larger
  }

  #placeOf(client: string): number {
    if (client === this.#lastClient) return this.#lastPlace
    let place = this.#places.get(client)
    if (place === undefined) {
      place = this.#clients.push(client) - 1
      this.#places.set(client, place)
    }
    this.#lastClient = client
    this.#lastPlace = place
    return place
  }
}

/** Calls `take` for each message in its order; `index` counts from 0. The payload is a window on the pack's buffer. */
export function unpack(
  { topics, clients, senders, ends, payloads }: PackedMessages,
  take: (topic: string, payload: Buffer, client: string, index: number) => void,
): void {
  let from = 0
  for (let index = 0; index < topics.length; index++) {
    const end = ends[index] ?? from
    const payload = Buffer.from(payloads.buffer, payloads.byteOffset + from, end - from)
    from = end
    take(topics[index] ?? '', payload, clients[senders[index] ?? 0] ?? '', index)
  }
}
