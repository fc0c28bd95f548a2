import { broughtText } from '../brought.ts'
import type { MessageProperties } from '../message-properties.ts'
import type { RecordingCounts, RecordingOrder } from '../protocol.ts'
import type { Sender } from '../sender.ts'
import type { RowOwner, StoreLine } from '../store-line.ts'
import { storable } from '../store-targets.ts'
import { bytesOf } from '../targets.ts'
import { filterMatches, parseTopicFilter } from '../topic-filter.ts'

/** Bytes of a payload that a text is looked for in. */
const searchedBytes = 16 * 1024

/**
 * The recordings under way, at the data plane: hands what they keep to the store, and never holds the router back. What finds no room on
 * its way is counted as lost, and a recording ends by itself at its bound.
 */
export class Recorder {
  readonly #line: StoreLine
  readonly #under = new Map<number, UnderWay>()

  constructor(line: StoreLine) {
    this.#line = line
  }

  get active(): boolean {
    return this.#under.size > 0
  }

  begin(order: RecordingOrder): void {
    this.#under.set(order.id, new UnderWay(order, this.#line))
  }

  /** Nothing more is kept; its counts are told once what was kept is on disk. */
  end(id: number): void {
    this.#under.get(id)?.end('asked')
    this.#line.flush()
  }

  take(
    topic: string,
    payload: Buffer,
    qos: number,
    retained: boolean,
    at: number,
    brought: MessageProperties | null,
    broker: string | null,
    sender: Sender | null,
  ): void {
    for (const recording of this.#under.values())
      recording.take(topic, payload, qos, retained, at, brought, broker, sender)
  }

  /** The recordings whose counts changed since this was last asked; those that have ended are told a last time. */
  takeChanged(now: number): readonly RecordingCounts[] {
    const changed: RecordingCounts[] = []
    for (const [id, recording] of this.#under) {
      const counts = recording.takeChanged(now)
      if (!counts) continue
      changed.push(counts)
      if (counts.ended !== null) this.#under.delete(id)
    }
    return changed
  }
}

class UnderWay implements RowOwner {
  readonly #order: RecordingOrder
  readonly #line: StoreLine
  readonly #matches: (topic: string, payload: Buffer) => boolean
  #messages: number
  #bytes: number
  #lost: number
  /** Given to the store and not answered yet. */
  #onTheWay = 0
  #ended: RecordingCounts['ended'] = null
  #changed = true

  constructor(order: RecordingOrder, line: StoreLine) {
    this.#order = order
    this.#line = line
    this.#matches = matcher(order.filter, order.text)
    this.#messages = order.messages
    this.#bytes = order.bytes
    this.#lost = order.lost
  }

  take(
    topic: string,
    payload: Buffer,
    qos: number,
    retained: boolean,
    at: number,
    brought: MessageProperties | null,
    broker: string | null,
    sender: Sender | null,
  ): void {
    if (this.#ended !== null || !this.#matches(topic, payload)) return
    const { most } = this.#order
    const over = at >= most.until ? 'time' : this.#messages >= most.messages ? 'messages' : null
    if (over !== null) {
      this.end(over)
      return
    }
    const stored = storable(payload)
    const properties = broughtText(brought)
    const bytes = bytesOf(stored) + topic.length + (properties?.length ?? 0) + (sender?.client.length ?? 0)
    if (this.#bytes + bytes > most.bytes) {
      this.end('bytes')
      return
    }
    this.#messages++
    this.#bytes += bytes
    this.#onTheWay++
    this.#changed = true
    const values = [
      this.#order.id,
      at,
      topic,
      qos,
      retained ? 1 : 0,
      stored,
      broker,
      properties,
      sender?.client ?? null,
    ]
    this.#line.push(this, values, bytes)
  }

  end(why: NonNullable<RecordingCounts['ended']>): void {
    this.#ended ??= why
    this.#changed = true
  }

  settle(rows: number): void {
    this.#onTheWay -= rows
    this.#changed = true
  }

  abandon(rows: number): void {
    this.#onTheWay -= rows
    this.#messages -= rows
    this.#lost += rows
    this.#changed = true
  }

  fault(): void {}

  takeChanged(now: number): RecordingCounts | null {
    if (this.#ended === null && now >= this.#order.most.until) this.end('time')
    if (this.#ended === null && this.#messages >= this.#order.most.messages) this.end('messages')
    if (!this.#changed) return null
    this.#changed = false
    const settled = this.#onTheWay === 0
    if (this.#ended !== null && !settled) this.#changed = true
    return {
      id: this.#order.id,
      messages: this.#messages - this.#onTheWay,
      pending: this.#onTheWay,
      bytes: this.#bytes,
      lost: this.#lost,
      ended: settled ? this.#ended : null,
    }
  }
}

function matcher(filter: string, text: string): (topic: string, payload: Buffer) => boolean {
  const parsed = parseTopicFilter(filter)
  const all = filter === '#'
  const needle = text.toLowerCase()
  return (topic, payload) => {
    if (!all && ('mistake' in parsed || !filterMatches(parsed.filter, topic))) return false
    if (needle === '') return true
    const searched = payload.length > searchedBytes ? payload.subarray(0, searchedBytes) : payload
    return topic.toLowerCase().includes(needle) || searched.toString().toLowerCase().includes(needle)
  }
}
