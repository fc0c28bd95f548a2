import type { Readable, Writable } from 'node:stream'

/** Parameters and results of the DevTools protocol. Its types are not shipped with anything here; each use reads what it needs. */
export type Json = Readonly<Record<string, unknown>>

/**
 * The DevTools protocol over Chromium's debugging pipe: JSON messages that end in a zero byte. Chromium ends when the pipe
 * does, so it never outlives the process that drives it.
 */
export class CdpPipe {
  readonly #out: Writable
  readonly #waiting = new Map<number, { resolve(result: Json): void; reject(error: Error): void }>()
  readonly #sessions = new Map<string, (method: string, params: Json) => void>()
  #lastId = 0
  #closed = false

  constructor(out: Writable, incoming: Readable) {
    this.#out = out
    let rest = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (text: string) => {
      const messages = (rest + text).split('\0')
      rest = messages.pop() ?? ''
      for (const message of messages) this.#take(JSON.parse(message))
    })
    const close = () => {
      this.#closed = true
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium has ended.'))
      this.#waiting.clear()
    }
    incoming.on('close', close)
    out.on('error', close)
  }

  /** Calls a method of the browser, or of a session where one is named. */
  call(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
    if (this.#closed) return Promise.reject(new Error('Chromium has ended.'))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** Takes the events of a session, in the order in which Chromium sent them; '' names the browser itself. */
  listen(sessionId: string, onEvent: (method: string, params: Json) => void): void {
    this.#sessions.set(sessionId, onEvent)
  }

  forget(sessionId: string): void {
    this.#sessions.delete(sessionId)
  }

  #take(message: Json): void {
    const { id, result, error, method, params, sessionId } = message
    if (typeof id === 'number') {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (isRecord(error)) waiting?.reject(new Error(String(error.message)))
      else waiting?.resolve(isRecord(result) ? result : {})
    } else if (typeof method === 'string') {
      this.#sessions.get(textOf(sessionId))?.(method, recordOf(params))
    }
  }
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A part of a protocol message, which is an object; an empty one where it is missing. */
export function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {}
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
