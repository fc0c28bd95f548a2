import { isUtf8 } from 'node:buffer'
import { broughtText } from './brought.ts'
import type { IncomingMessage } from './incoming-message.ts'
import type { TargetLedger } from './ledger.ts'
import { storedProperties } from './message-properties.ts'
import type { RowOwner, StoreLine } from './store-line.ts'
import { bytesOf, type Offered, type Payload, type Quarantine, type Target } from './targets.ts'

/** Largest payload that is kept in quarantine, in bytes; the rest of a larger one is cut off and the reason says so. */
const largestQuarantined = 64 * 1024

/** The journal as a target: a row of the store, counted as delivered once it is committed. */
export class JournalTarget implements Target {
  readonly #route: string
  readonly #ledger: TargetLedger
  readonly #line: StoreLine
  readonly #broker: () => string | null

  /** `broker` gives what the route listens to. */
  constructor(route: string, ledger: TargetLedger, line: StoreLine, broker: () => string | null) {
    this.#route = route
    this.#ledger = ledger
    this.#line = line
    this.#broker = broker
  }

  offer(message: IncomingMessage, payload: Payload): Offered {
    this.#ledger.enqueue()
    const stored = storable(payload)
    const properties = message.brought === null ? null : broughtText(message.goesWith(payload))
    const values = [
      message.at,
      this.#route,
      message.topicName,
      stored,
      this.#broker(),
      properties,
      message.sender?.client ?? null,
    ]
    this.#line.push(this.#ledger, values, bytesOf(stored) + (properties?.length ?? 0) + message.client.length)
    return 'queued'
  }

  /** What is in the line is on its way whether or not the route still stands. */
  retire(): void {}
}

/** Keeps messages that could not be routed, with the reason. The route's ledger has counted them before they come here. */
export class StoreQuarantine implements Quarantine {
  readonly #line: StoreLine
  readonly #owner: RowOwner

  constructor(line: StoreLine, onLost: (rows: number, reason: string) => void) {
    this.#line = line
    this.#owner = { settle() {}, fault() {}, abandon: onLost }
  }

  hold(route: string, message: IncomingMessage, reason: string, broker: string | null = null): void {
    const { bytes, at, topicName, brought, sender } = message
    const cut = bytes.length > largestQuarantined
    const stored = storable(cut ? bytes.subarray(0, largestQuarantined) : bytes)
    const why = cut ? `${reason} (cut to the first ${largestQuarantined} of ${bytes.length} bytes)` : reason
    const properties = storedProperties(brought)
    const size = bytesOf(stored) + (properties?.length ?? 0)
    const values = [
      at,
      route,
      topicName,
      stored,
      why,
      null,
      cut ? bytes.length : null,
      properties,
      sender?.client ?? null,
      broker,
    ]
    this.#line.push(this.#owner, values, size)
  }
}

/** Text when it is UTF-8, else a copy of the bytes: sending a window on a buffer to another thread would send all of it. */
export function storable(payload: Payload): string | Uint8Array {
  if (typeof payload === 'string') return payload
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return isUtf8(bytes) ? bytes.toString() : new Uint8Array(bytes)
}
