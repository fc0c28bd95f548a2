import { isUtf8 } from 'node:buffer'
import type { ExpressionContext } from './expressions.ts'
import { type MessageProperties, type ShownProperties, shownProperties, withNewPayload } from './message-properties.ts'
import type { Sender } from './sender.ts'
import type { Payload } from './targets.ts'

/** Largest payload that is decoded for expressions, in bytes; what a loop in an expression may cost depends on it. */
export const largestDecoded = 256 * 1024

/**
 * The message that passes through the router now. One instance is used for all of them, and what expressions see of it is worked
 * out only when the first one asks: most messages are never decoded.
 */
export class IncomingMessage implements ExpressionContext {
  topicName = ''
  topic: readonly string[] = []
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  retained = false
  qosNumber: 0 | 1 | 2 = 0
  /** What it brought besides; null for most. */
  brought: MessageProperties | null = null
  /** Who published it; null where that is not known. */
  sender: Sender | null = null
  #shown: ShownProperties | null = null
  #decoded: unknown
  #undecodable: string | null = null
  #isDecoded = false
  #received: string | null = null

  /** Takes the next message. */
  hold(
    topicName: string,
    topic: readonly string[],
    bytes: Buffer,
    at: number,
    retained: boolean,
    qos: 0 | 1 | 2,
    brought: MessageProperties | null = null,
    sender: Sender | null = null,
  ): void {
    this.topicName = topicName
    this.topic = topic
    this.bytes = bytes
    this.at = at
    this.retained = retained
    this.qosNumber = qos
    this.brought = brought
    this.sender = sender
    this.#shown = null
    this.#decoded = undefined
    this.#undecodable = null
    this.#isDecoded = false
    this.#received = null
  }

  /** Why the payload cannot be decoded as JSON, or null when it can. */
  get undecodable(): string | null {
    if (!this.#isDecoded) this.#decode()
    return this.#undecodable
  }

  get payload(): unknown {
    if (!this.#isDecoded) this.#decode()
    return this.#decoded
  }

  get received(): string {
    this.#received ??= new Date(this.at).toISOString()
    return this.#received
  }

  get qos(): bigint {
    return BigInt(this.qosNumber)
  }

  get client(): string {
    return this.sender?.client ?? ''
  }

  get properties(): ShownProperties {
    this.#shown ??= shownProperties(this.brought)
    return this.#shown
  }

  /** What goes on with a payload that a route made of it. */
  goesWith(payload: Payload): MessageProperties | null {
    const { brought } = this
    return brought === null || payload === this.bytes ? brought : withNewPayload(brought, typeof payload === 'string')
  }

  #decode(): void {
    this.#isDecoded = true
    const { bytes } = this
    if (bytes.length === 0) {
      this.#undecodable = 'the payload is empty, so it is not JSON'
    } else if (bytes.length > largestDecoded) {
      this.#undecodable = `the payload has ${bytes.length} bytes, more than the ${largestDecoded} that are decoded`
    } else if (!isUtf8(bytes)) {
      this.#undecodable = 'the payload is not UTF-8 text, so it is not JSON'
    } else {
      try {
        this.#decoded = JSON.parse(bytes.toString())
      } catch (error) {
        this.#undecodable = `the payload is not JSON: ${error instanceof Error ? error.message : String(error)}`
      }
    }
  }
}
