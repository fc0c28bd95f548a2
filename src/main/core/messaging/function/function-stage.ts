import type { HeldPlace } from '../holding/holding.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { bytesOfProperties, type MessageProperties } from '../message-properties.ts'
import { kept, type Payload } from '../targets.ts'
import { type CallProperties, functionBounds } from './function-protocol.ts'
import type { CallOutcome, FunctionRunner } from './function-runner.ts'

/** What a message takes besides its payload, topic and properties, in bytes. */
const overhead = 256

export interface FunctionHooks {
  /** Keeps a message that is in the function. */
  hold(message: IncomingMessage): HeldPlace
  /** What became of one. */
  answered(message: IncomingMessage, place: HeldPlace, outcome: CallOutcome, onward: Onward): void
}

/** What was told of a message before it came to the function, and is needed behind it. */
export interface Onward {
  /** Which of the targets it is for; null: all. */
  readonly wanted: readonly boolean[] | null
  /** By what each of them keeps the order of its messages; null: none does by a key. */
  readonly keys: readonly (string | null)[] | null
}

/** The function of a route as a stage: messages are kept while they are in it, and go on in their order. */
export class FunctionStage implements Disposable {
  readonly #runner: FunctionRunner
  readonly #hooks: FunctionHooks
  readonly #close: () => void
  /** Apart from the one that the router is at: one that was in the function goes on while another is being looked at. */
  readonly #again = new IncomingMessage()

  constructor(runner: FunctionRunner, close: () => void, hooks: FunctionHooks) {
    this.#runner = runner
    this.#close = close
    this.#hooks = hooks
  }

  /**
   * Gives a message to the function, with its payload as it is by now. Gives why that is not possible, the end of a sentence; null when it
   * was done. One that had been kept from before is taken though there be no room: it has its place on the disk.
   */
  take(message: IncomingMessage, payload: Payload, onward: Onward, isKept: boolean): string | null {
    const { topicName, topic, at, retained, qosNumber: qos, brought, sender } = message
    const { refusal } = this.#runner
    if (refusal !== null && !isKept) return refusal
    const input = ownBytes(payload)
    if (input.length > functionBounds.payload) {
      return `the payload has ${input.length} bytes, more than the ${functionBounds.payload} that a function is given`
    }
    const bytes = payload === message.bytes ? input : ownBytes(message.bytes)
    const place = this.#hooks.hold(message)
    const size = bytes.length + (bytes === input ? 0 : input.length)
    this.#runner.push({
      head: [topicName, at, retained, qos, propertiesOf(brought), input.length, message.client],
      payload: input,
      bytes: size + 2 * topicName.length + bytesOfProperties(brought) + overhead,
      settle: (outcome) => {
        this.#again.hold(topicName, topic, bytes, at, retained, qos, brought, sender)
        this.#hooks.answered(this.#again, place, outcome, onward)
      },
    })
    return null
  }

  /** Calls back once no message is in it. */
  whenIdle(action: () => void): void {
    this.#runner.whenIdle(action)
  }

  [Symbol.dispose](): void {
    this.#close()
  }
}

function ownBytes(payload: Payload): Buffer {
  const own = kept(payload)
  return typeof own === 'string' ? Buffer.from(own) : Buffer.isBuffer(own) ? own : Buffer.from(own)
}

/** The properties as JSON can say them. */
function propertiesOf(brought: MessageProperties | null): CallProperties | null {
  if (brought === null) return null
  const { correlation, contentType, responseTopic, id, hops, expiresAt } = brought
  return {
    user: Object.fromEntries([...brought.user].reverse()),
    hops,
    ...(contentType !== null && { contentType }),
    ...(responseTopic !== null && { responseTopic }),
    ...(correlation !== null && { correlation: Buffer.from(correlation).toString('base64') }),
    ...(id !== null && { id }),
    ...(expiresAt !== null && { expires: new Date(expiresAt).toISOString() }),
  }
}
