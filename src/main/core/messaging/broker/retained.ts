import type { Statement } from '#core/store/index.ts'
import type { StorePort } from '../store-line.ts'

/** Topics that may hold a retained message, and their payloads together. On further ones the message passes but is not kept. */
export const mostRetained = 10_000
const mostBytes = 64 * 1024 * 1024

/** What one write holds at most. */
const batchTopics = 500
const batchBytes = 4 * 1024 * 1024

/** How long messages of QoS 0 wait for company, and how long one of QoS 1 waits for the disk before it is acknowledged without. */
const lingerMs = 500
const patienceMs = 2_000

/** Pause before what the store refused is tried again. */
const retryMs = 5_000

/** How long the store may take to give what was kept, before the broker starts without. */
const loadMs = 10_000
const pageTopics = 500

export interface RetainedMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
}

export interface RetainedParts {
  /** The broker's service: each has messages of its own. */
  readonly service: string
  readonly port: StorePort
  readonly warn: (sentence: string) => void
}

/** A topic whose message on disk is not the newest. */
interface Dirty {
  /** Null: none is kept any more. */
  readonly payload: Uint8Array | null
  readonly qos: number
  readonly done: (() => void)[]
}

/**
 * Which messages the broker retains, on disk as well as in it, so that they outlive a restart and a crash. Only the newest of a topic is
 * written; one write is under way at a time and takes with it what has come meanwhile. A disk that takes nothing holds nobody up for long.
 */
export class Retained implements Disposable {
  readonly #parts: RetainedParts
  readonly #kept = new Map<string, Uint8Array>()
  readonly #dirty = new Map<string, Dirty>()
  #bytes = 0
  #writing = false
  #isFailing = false
  #linger: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined

  constructor(parts: RetainedParts) {
    this.#parts = parts
  }

  /** Everything that was kept, for the broker to have before it listens. What cannot be read within ten seconds is done without. */
  async load(): Promise<readonly RetainedMessage[]> {
    const messages: RetainedMessage[] = []
    const deadline = performance.now() + loadMs
    let after: string | null = null
    try {
      for (;;) {
        const page: readonly RetainedMessage[] = await this.#page(after, deadline - performance.now())
        for (const message of page) {
          messages.push(message)
          this.#remember(message.topic, message.payload)
        }
        after = page.at(-1)?.topic ?? null
        if (page.length < pageTopics || messages.length >= mostRetained) return messages
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#parts.warn(`Retained messages from before could not all be read, so clients do not get them: ${reason}.`)
      return messages
    }
  }

  /** Whether there is room for a message on this topic. */
  hasRoomFor(topic: string, payload: Uint8Array): boolean {
    const before = this.#kept.get(topic)
    if (payload.length === 0) return true
    if (before === undefined && this.#kept.size >= mostRetained) return false
    return this.#bytes - (before?.length ?? 0) + payload.length <= mostBytes
  }

  /** Takes the new message of a topic; an empty one ends its being kept. For QoS 1 and 2 the promise says that it is on disk, or that the disk takes too long. */
  keep(topic: string, payload: Uint8Array, qos: number): Promise<void> | null {
    this.#remember(topic, payload)
    const before = this.#dirty.get(topic)
    const done = before?.done ?? []
    this.#dirty.set(topic, { payload: payload.length === 0 ? null : payload, qos, done })
    if (qos === 0) {
      this.#linger ??= setTimeout(() => this.#flush(), lingerMs)
      return null
    }
    const safe = new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, patienceMs)
      done.push(() => {
        clearTimeout(patience)
        resolve()
      })
    })
    // Those that come in the same turn go with it.
    setImmediate(() => this.#flush())
    return safe
  }

  /** The broker has put a message in place. Two clients that publish at once may have been overtaken by each other after {@link keep}. */
  applied(topic: string, payload: Uint8Array, qos: number): void {
    const kept = this.#kept.get(topic)
    if (kept === payload || (kept === undefined && payload.length === 0)) return
    void this.keep(topic, payload, qos)
  }

  /** Hands over what waits for company. */
  [Symbol.dispose](): void {
    this.#flush()
    clearTimeout(this.#linger)
    clearTimeout(this.#retry)
  }

  /** Resolves when nothing waits any more, or the time is over. */
  async settle(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs
    this.#flush()
    while ((this.#writing || this.#dirty.size > 0) && this.#parts.port.connected && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  #remember(topic: string, payload: Uint8Array): void {
    this.#bytes += payload.length - (this.#kept.get(topic)?.length ?? 0)
    if (payload.length === 0) this.#kept.delete(topic)
    else this.#kept.set(topic, payload)
  }

  #flush(): void {
    if (this.#writing || this.#retry !== undefined || this.#dirty.size === 0) return
    clearTimeout(this.#linger)
    this.#linger = undefined
    const batch = this.#takeBatch()
    const statements = batch.map(([topic, entry]) => this.#statementFor(topic, entry))
    this.#writing = true
    this.#parts.port.write(statements, (error) => {
      this.#writing = false
      for (const [, { done }] of batch) for (const tell of done) tell()
      if (error === null) this.#isFailing = false
      else this.#tryLater(batch, error)
      this.#flush()
    })
  }

  #takeBatch(): (readonly [string, Dirty])[] {
    const batch: (readonly [string, Dirty])[] = []
    let bytes = 0
    for (const [topic, entry] of this.#dirty) {
      bytes += entry.payload?.length ?? 0
      if (batch.length > 0 && (batch.length >= batchTopics || bytes > batchBytes)) break
      batch.push([topic, entry])
      this.#dirty.delete(topic)
    }
    return batch
  }

  #statementFor(topic: string, { payload, qos }: Dirty): Statement {
    const { service } = this.#parts
    if (payload === null)
      return { sql: 'DELETE FROM retained WHERE service = ? AND topic = ?', values: [service, topic] }
    return {
      sql: 'INSERT OR REPLACE INTO retained (service, topic, qos, payload) VALUES (?, ?, ?, ?)',
      // A copy: on its way to the writer a part of a larger buffer takes all of that with it.
      values: [service, topic, qos, new Uint8Array(payload)],
    }
  }

  #tryLater(batch: readonly (readonly [string, Dirty])[], reason: string): void {
    for (const [topic, { payload, qos }] of batch) {
      if (!this.#dirty.has(topic)) this.#dirty.set(topic, { payload, qos, done: [] })
    }
    if (!this.#isFailing) {
      this.#isFailing = true
      this.#parts.warn(`Retained messages are not safe on disk at present and would not outlive a restart: ${reason}.`)
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#flush()
    }, retryMs)
  }

  #page(after: string | null, withinMs: number): Promise<readonly RetainedMessage[]> {
    const sql = 'SELECT topic, qos, payload FROM retained WHERE service = ? AND topic > ? ORDER BY topic LIMIT ?'
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error('the store did not answer in time')), Math.max(0, withinMs))
      this.#parts.port.write([{ sql, values: [this.#parts.service, after ?? '', pageTopics] }], (error, _, rows) => {
        clearTimeout(patience)
        if (error === null) resolve((rows[0] ?? []).flatMap(messageOf))
        else reject(new Error(error))
      })
    })
  }
}

function messageOf(row: Readonly<Record<string, unknown>>): readonly RetainedMessage[] {
  const { topic, qos, payload } = row
  if (typeof topic !== 'string' || !(payload instanceof Uint8Array)) return []
  return [{ topic, payload, qos: qos === 2 ? 2 : qos === 1 ? 1 : 0 }]
}
