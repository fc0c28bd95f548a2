import type { RouteBatch } from '#core/config/index.ts'
import type { Clock } from '#core/platform/index.ts'
import type { BatchExpression, Expressions } from './expressions.ts'
import type { HeldPlace } from './holding/holding.ts'
import type { IncomingMessage } from './incoming-message.ts'
import { periodInWords } from './limit-stage.ts'
import { compileKey, eachInWords, type MessageKey } from './message-key.ts'
import { payloadOf } from './payload-text.ts'
import type { Sender } from './sender.ts'
import { kept, type Payload } from './targets.ts'
import type { TopicMistake } from './topic-filter.ts'

/** Batches of one route that may be open at a time; of more, the one that was begun first goes on early. */
export const mostOpenBatches = 10_000

/** Bytes that all open batches of a route hold; beyond them the one that was begun first goes on early. */
export const mostBatchedBytes = 16 * 1024 * 1024

/** Largest `bytes` of a batch: what one expression goes over. */
export const largestBatch = 4 * 1024 * 1024

/** What a message takes besides its payload and topic, in bytes. */
const overhead = 256

/** A message in a batch: as it came, and what is made of it. */
export interface BatchedMessage {
  readonly topicName: string
  readonly topic: readonly string[]
  readonly bytes: Buffer
  readonly at: number
  readonly retained: boolean
  readonly qos: 0 | 1 | 2
  /** How many consoles have passed it on. */
  readonly hops: number
  readonly sender: Sender | null
  /** Its new payload, JSON. */
  readonly json: string
  /** Where it is kept meanwhile; null for one that went on at once. */
  readonly place: HeldPlace | null
}

/** What goes on as one message: in the order in which they came. */
export interface Batch {
  readonly key: string
  readonly messages: readonly BatchedMessage[]
  /** Which targets they are for; null: all. */
  readonly wanted: readonly boolean[] | null
}

interface OpenBatch extends Batch {
  readonly id: string
  readonly messages: BatchedMessage[]
  readonly timer: Disposable
  /** Of new payloads, and of all that is held. */
  bytes: number
  heldBytes: number
}

/** The `batch` of a route: gathers messages by key until there are enough, or the first has waited for long enough. */
export class BatchStage<Result> implements Disposable {
  readonly #batch: RouteBatch
  readonly #key: MessageKey
  readonly #as: BatchExpression | null
  readonly #clock: Clock
  readonly #send: (batch: Batch) => Result
  /** The one that was begun first comes first. */
  readonly #open = new Map<string, OpenBatch>()
  #heldBytes = 0

  constructor(
    batch: RouteBatch,
    parts: { readonly key: MessageKey; readonly as: BatchExpression | null; readonly clock: Clock },
    send: (batch: Batch) => Result,
  ) {
    this.#batch = batch
    this.#key = parts.key
    this.#as = parts.as
    this.#clock = parts.clock
    this.#send = send
  }

  /** Throws a sentence when the key of a message cannot be told. */
  keyOf(message: IncomingMessage): string {
    return this.#key.of(message)
  }

  /**
   * Adds a message under its key. Gives what became of the batch when that goes on with it, else null; only one that has to wait is given
   * a place, by `hold`.
   */
  add(
    key: string,
    message: IncomingMessage,
    made: { readonly json: string; readonly wanted: readonly boolean[] | null; readonly hold: () => HeldPlace },
  ): Result | null {
    const { json, wanted } = made
    const id = wanted === null ? key : `${key}\n${wanted.map((one) => (one ? '1' : '0')).join('')}`
    const open = this.#open.get(id) ?? this.#begin(id, key, wanted)
    const goesOn = open.messages.length + 1 >= this.#batch.most || open.bytes + json.length >= this.#batch.bytes
    const { topicName, topic, at, retained, qosNumber, sender } = message
    const bytes = goesOn ? message.bytes : ownCopy(message.bytes)
    const place = goesOn ? null : made.hold()
    const hops = message.brought?.hops ?? 0
    open.messages.push({ topicName, topic, bytes, at, retained, qos: qosNumber, hops, sender, json, place })
    open.bytes += json.length
    const held = bytes.length + json.length + 2 * topicName.length + overhead
    open.heldBytes += held
    this.#heldBytes += held
    if (goesOn) return this.#end(open)
    while (this.#heldBytes > mostBatchedBytes && this.#endFirst()) {}
    return null
  }

  /** The one payload of a batch. Throws what the expression throws, or a sentence for what it gives that JSON cannot say. */
  payloadOf({ key, messages }: Batch): Payload {
    if (this.#as === null) return `[${messages.map(({ json }) => json).join(',')}]`
    const [first, last] = [messages[0], messages.at(-1)]
    const items: readonly unknown[] = messages.map(({ json }) => JSON.parse(json))
    return payloadOf(
      this.#as.run({
        items,
        key,
        topic: last?.topic ?? [],
        topicName: last?.topicName ?? '',
        first: new Date(first?.at ?? 0).toISOString(),
        last: new Date(last?.at ?? 0).toISOString(),
      }),
    )
  }

  /** Lets every batch go on, the one that was begun first before the others. */
  flush(): void {
    while (this.#endFirst()) {}
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#open.values()) timer[Symbol.dispose]()
  }

  #begin(id: string, key: string, wanted: readonly boolean[] | null): OpenBatch {
    if (this.#open.size >= mostOpenBatches) this.#endFirst()
    const timer = this.#clock.after(this.#batch.windowMs, () => {
      const due = this.#open.get(id)
      if (due) this.#end(due)
    })
    const batch: OpenBatch = { id, key, wanted, messages: [], timer, bytes: 0, heldBytes: 0 }
    this.#open.set(id, batch)
    return batch
  }

  #endFirst(): boolean {
    const [first] = this.#open.values()
    if (first) this.#end(first)
    return first !== undefined
  }

  #end(batch: OpenBatch): Result {
    batch.timer[Symbol.dispose]()
    this.#open.delete(batch.id)
    this.#heldBytes -= batch.heldBytes
    return this.#send(batch)
  }
}

/** A batch, compiled. */
export interface CompiledBatch {
  /** Whether its key depends on the payload. */
  readonly needsPayload: boolean
  readonly stage: <Result>(clock: Clock, send: (batch: Batch) => Result) => BatchStage<Result>
}

/** Compiles a batch, or says what is wrong, and with which of its entries. */
export function compileBatch(
  batch: RouteBatch,
  expressions: Expressions,
): CompiledBatch | { readonly entry: 'per' | 'as' | 'bytes'; readonly mistake: TopicMistake } {
  if (batch.bytes > largestBatch) {
    return { entry: 'bytes', mistake: { message: `A batch holds at most ${largestBatch} bytes.`, position: 0 } }
  }
  const key = compileKey('batch.per', batch.per, expressions)
  if ('mistake' in key) return { entry: 'per', mistake: key.mistake }
  const as = batch.as === null ? null : expressions.summary(batch.as)
  if (as && 'mistake' in as) return { entry: 'as', mistake: as.mistake }
  const parts = { key: key.key, as: as?.expression ?? null }
  return {
    needsPayload: key.key.needsPayload,
    stage: (clock, send) => new BatchStage(batch, { ...parts, clock }, send),
  }
}

/** A batch in words, the end of a sentence: "up to 100 in 1 s for each topic". */
export function batchInWords({ most, windowMs, per }: RouteBatch): string {
  return `up to ${most} in ${periodInWords(windowMs)}${eachInWords(per)}`
}

function ownCopy(bytes: Buffer): Buffer {
  const own = kept(bytes)
  return Buffer.isBuffer(own) ? own : Buffer.from(own)
}
