import { givenBy } from './function-answer.ts'
import { thrownIn } from './function-errors.ts'
import type { AnswerHead, CallHead, CallProperties, FunctionOrder } from './function-protocol.ts'
import type { SiteFunction } from './loaded-function.ts'

/** How long answers may be gathered before they are sent. Milliseconds. */
const gatherMs = 4

/** Bytes of answers with which they are sent before. */
const gatherBytes = 1024 * 1024

const noProperties = Object.freeze({ user: Object.freeze({}), hops: 0 })

interface Call {
  readonly head: CallHead
  readonly payload: Buffer
}

/** Calls a function for one message after the other, in their order. */
export class FunctionDesk {
  readonly #order: FunctionOrder
  readonly #call: SiteFunction
  readonly #send: (answers: readonly AnswerHead[], parts: readonly Uint8Array[], ms: number) => void
  readonly #calls: Call[] = []
  #isRunning = false
  #answers: AnswerHead[] = []
  #parts: Uint8Array[] = []
  #bytes = 0
  #ms = 0
  #sentAt = performance.now()
  #sending: NodeJS.Timeout | undefined

  constructor(
    order: FunctionOrder,
    call: SiteFunction,
    send: (answers: readonly AnswerHead[], parts: readonly Uint8Array[], ms: number) => void,
  ) {
    this.#order = order
    this.#call = call
    this.#send = send
  }

  take(heads: readonly CallHead[], body: Buffer): void {
    let at = 0
    for (const head of heads) {
      const end = at + head[5]
      this.#calls.push({ head, payload: body.subarray(at, end) })
      at = end
    }
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) {
      const began = performance.now()
      try {
        let given = this.#call(this.#payloadOf(call.payload), this.#contextOf(call.head))
        if (isThenable(given)) {
          if (this.#answers.length > 0) this.#sending ??= setTimeout(() => this.#flush(), gatherMs)
          given = await given
        }
        const { kind, bytes } = givenBy(given)
        if (kind === 'filtered') this.#answers.push([kind])
        else {
          this.#answers.push([kind, bytes.length])
          this.#parts.push(bytes)
          this.#bytes += bytes.length
        }
      } catch (error) {
        this.#answers.push(['failed', thrownIn(error, this.#order.release)])
      }
      const now = performance.now()
      this.#ms += now - began
      if (now - this.#sentAt >= gatherMs || this.#bytes >= gatherBytes) this.#flush()
    }
    this.#isRunning = false
    this.#flush()
  }

  #payloadOf(payload: Buffer): unknown {
    switch (this.#order.function.payload) {
      case 'json':
        return JSON.parse(payload.toString())
      case 'text':
        return payload.toString()
      case 'bytes':
        return Buffer.from(payload)
    }
  }

  #contextOf([topic, at, retained, qos, properties, , client]: CallHead): object {
    return Object.freeze({
      topic,
      levels: Object.freeze(topic.split('/')),
      received: new Date(at).toISOString(),
      retained,
      qos,
      client,
      properties: properties === null ? noProperties : shown(properties),
      route: this.#order.route,
    })
  }

  #flush(): void {
    clearTimeout(this.#sending)
    this.#sending = undefined
    this.#sentAt = performance.now()
    if (this.#answers.length === 0) return
    this.#send(this.#answers, this.#parts, this.#ms)
    this.#answers = []
    this.#parts = []
    this.#bytes = 0
    this.#ms = 0
  }
}

function shown({ correlation, user, ...properties }: CallProperties): object {
  return Object.freeze({
    ...properties,
    user: Object.freeze(user),
    ...(correlation !== undefined && { correlation: Buffer.from(correlation, 'base64') }),
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
