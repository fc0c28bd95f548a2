import { IncomingMessage } from '../incoming-message.ts'
import type { RouteLedger } from '../ledger.ts'
import { OutboxLine } from '../outbox/outbox-line.ts'
import type { StorePort } from '../store-line.ts'
import { storable } from '../store-targets.ts'
import { bytesOf } from '../targets.ts'
import { Place } from './held-place.ts'
import { deleteHeld, deleteOldHeld, type HeldRow, heldSums, insertHeld, readHeld, rowOf } from './held-rows.ts'
import type { HeldPlace, HeldStage, Holding } from './holding.ts'

/** How long rows that are not needed any more wait for company before they are deleted; and a pause after a failure. Milliseconds. */
const lingerMs = 100
const retryMs = 1_000

/** How often it is looked for messages of routes that are gone which nobody wants any more. Milliseconds. */
const sweepMs = 60_000

/** A route that takes its messages back. */
export interface Restorable {
  readonly ledger: RouteLedger
  restore(message: IncomingMessage, stage: HeldStage, place: HeldPlace): void
}

export interface HeldMessagesParts {
  readonly port: StorePort
  /** Wall-clock milliseconds. */
  readonly now: () => number
  readonly routes: () => ReadonlyMap<string, Restorable>
  /** Has `go` route messages, and calls `settle` once what they caused is safe; with false when it cannot be kept. */
  readonly take: (go: () => void, settle: (isKept: boolean) => void) => void
  readonly onProgress: () => void
  readonly log: (level: 'warn', message: string) => void
}

/** What an earlier run left of a route: how many messages, and up to where they have been read. */
interface Left {
  rows: number
  cursor: number
  isReading: boolean
  isSwept: boolean
}

/**
 * Messages that wait in a stage, on the disk beside the memory: whoever was told that the console has them (QoS 1 and 2) relies on it. A
 * row is written before its sender is acknowledged, and deleted once what became of the message is safe in its turn; a crash in between
 * means that it goes on twice, never not at all. What an earlier run left is given back to its routes as they are loaded.
 */
export class HeldMessages implements Disposable {
  readonly #parts: HeldMessagesParts
  readonly #line: OutboxLine<HeldRow>
  readonly #places = new Map<HeldRow, Place>()
  readonly #left = new Map<string, Left>()
  #isOpen = false
  #through = 0
  #gone: number[] = []
  #deleting = 0
  #linger: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false
  /** How long messages of routes that are not loaded are kept; null until the site has been read. */
  #ageMs: number | null = null
  readonly #sweeping: NodeJS.Timeout

  constructor(parts: HeldMessagesParts) {
    this.#parts = parts
    this.#line = new OutboxLine<HeldRow>(parts.port, insertHeld, {
      committed: (rows) => this.#committed(rows),
      refused: (rows) => {
        for (const row of rows) this.#places.delete(row)
      },
      answered: () => parts.onProgress(),
    })
    this.#sweeping = setInterval(() => this.#sweep(), sweepMs)
    this.#open()
  }

  /** The way of rows to the disk. */
  get line(): OutboxLine<HeldRow> {
    return this.#line
  }

  /** Rows and removals that have not been answered for. */
  get pending(): number {
    return this.#line.pending + this.#gone.length + this.#deleting
  }

  /** What keeps the messages of one route. */
  of(route: string, ledger: RouteLedger): Holding {
    return {
      hold: (message, stage) => this.#hold(route, ledger, message, stage),
      release: (places, go) => {
        const mine = places.filter((place) => place instanceof Place)
        for (const place of mine) {
          if (place.state === 'safe') ledger.secure(-1)
          place.isReleased = true
        }
        if (!mine.some(({ row }) => row !== null)) {
          go()
          return
        }
        this.#parts.take(go, (isKept) => {
          if (isKept) for (const place of mine) this.#leave(place)
        })
      },
      forget: (place) => {
        if (!(place instanceof Place)) return
        if (place.state === 'safe') ledger.secure(-1)
        this.#leave(place)
      },
    }
  }

  /** The routes were loaded: they get what is theirs. */
  serve(): void {
    if (!this.#isOpen || this.#closed) return
    for (const [id, { ledger }] of this.#parts.routes()) {
      const left = this.#left.get(id)
      if (left?.isSwept) continue
      if (ledger.restored === null) ledger.restore(left?.rows ?? 0)
      if (left && !left.isReading) this.#read(id, left)
    }
  }

  /** Messages of routes that are not loaded are kept for so long after they came; then they are deleted, and that is told. */
  bound(ageMs: number): void {
    this.#ageMs = ageMs
    this.#sweep()
  }

  /** Deletes what is not needed any more. */
  flush(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
    const gone = this.#gone
    if (gone.length === 0 || this.#closed) return
    this.#gone = []
    this.#deleting += gone.length
    this.#parts.port.write(deleteHeld(gone), (error) => {
      this.#deleting -= gone.length
      if (error === null) return
      for (const seq of gone) this.#gone.push(seq)
      this.#linger ??= setTimeout(() => this.flush(), retryMs)
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    clearInterval(this.#sweeping)
    clearTimeout(this.#linger)
    clearTimeout(this.#retry)
    this.#line[Symbol.dispose]()
  }

  #open(): void {
    this.#parts.port.write(
      heldSums,
      (error, _retryable, [sums = [], highest = []]) => {
        if (this.#closed) return
        if (error !== null) {
          this.#retry = setTimeout(() => this.#open(), retryMs)
          return
        }
        for (const { route, rows } of sums) {
          this.#left.set(String(route), { rows: Number(rows), cursor: 0, isReading: false, isSwept: false })
        }
        this.#through = Number(highest[0]?.seq ?? 0)
        this.#isOpen = true
        // Places grow with time, ten a millisecond: one that was given and lost is not given again.
        this.#line.begin(Math.max(this.#through + 1, this.#parts.now() * 10))
        this.serve()
        this.#sweep()
      },
      'outbox',
    )
  }

  #sweep(): void {
    if (this.#ageMs === null || !this.#isOpen || this.#closed) return
    const routes = this.#parts.routes()
    const before = this.#parts.now() - this.#ageMs
    for (const [id, left] of this.#left) {
      if (left.isSwept || left.isReading || routes.has(id)) continue
      left.isSwept = true
      this.#parts.port.write(
        deleteOldHeld(id, left.cursor, this.#through, before),
        (error, _retryable, [counted = []]) => {
          left.isSwept = false
          if (error === null) this.#swept(id, left, Number(counted[0]?.rows ?? 0))
          // The route may have been loaded meanwhile.
          this.serve()
        },
        'outbox',
      )
    }
  }

  #swept(id: string, left: Left, rows: number): void {
    if (rows === 0) return
    left.rows = Math.max(0, left.rows - rows)
    if (left.rows === 0) this.#left.delete(id)
    this.#parts.log(
      'warn',
      `${rows} messages that waited for route ${id}, which is not loaded, were deleted: they were older than the outbox keeps messages.`,
    )
  }

  /** Whoever sent a message of QoS 0 was promised nothing: it waits in memory alone. */
  #hold(route: string, ledger: RouteLedger, message: IncomingMessage, stage: HeldStage): Place {
    const { qosNumber: qos, topicName: topic, at, retained, brought: properties, sender } = message
    if (qos === 0) return new Place(null, ledger)
    const payload = storable(message.bytes)
    const row: HeldRow = {
      seq: 0,
      route,
      stage,
      at,
      topic,
      qos,
      retained,
      bytes: bytesOf(payload),
      payload,
      properties,
      client: sender?.client ?? null,
    }
    const place = new Place(row, ledger)
    this.#places.set(row, place)
    this.#line.push(row)
    return place
  }

  #committed(rows: readonly HeldRow[]): void {
    for (const row of rows) {
      const place = this.#places.get(row)
      this.#places.delete(row)
      if (!place || place.state === 'gone') this.#remove(row.seq)
      else {
        place.state = 'safe'
        // One that has gone on already waits no more, whatever became of it.
        if (!place.isReleased) place.ledger.secure(1)
      }
    }
  }

  #leave(place: Place): void {
    if (place.row && place.state === 'safe') this.#remove(place.row.seq)
    place.state = 'gone'
  }

  #remove(seq: number): void {
    this.#gone.push(seq)
    this.#linger ??= setTimeout(() => this.flush(), lingerMs)
  }

  #read(id: string, left: Left): void {
    left.isReading = true
    this.#parts.port.write(
      [readHeld(id, left.cursor, this.#through)],
      (error, _retryable, [page = []]) => {
        if (this.#closed) return
        left.isReading = false
        if (error === null) this.#giveBack(id, left, page.map(rowOf))
        // A page that could not be read is asked for again with the next routes, or when the store is back.
        else this.#retry = setTimeout(() => this.serve(), retryMs)
      },
      'outbox',
    )
  }

  #giveBack(id: string, left: Left, page: readonly HeldRow[]): void {
    const chain = this.#parts.routes().get(id)
    if (!chain) return
    for (const row of page) {
      left.cursor = row.seq
      left.rows = Math.max(0, left.rows - 1)
      const place = new Place(row, chain.ledger)
      place.state = 'safe'
      chain.ledger.secure(1)
      const message = new IncomingMessage()
      message.hold(
        row.topic,
        row.topic.split('/'),
        Buffer.from(row.payload),
        row.at,
        row.retained,
        row.qos,
        row.properties,
        row.client === null ? null : { client: row.client, user: null },
      )
      chain.restore(message, row.stage, place)
    }
    if (left.rows > 0 && page.length > 0) {
      this.#read(id, left)
      return
    }
    this.#left.delete(id)
    // Rows that nobody finds come from a file that took the place of another.
    for (let missing = left.rows; missing > 0; missing--) chain.ledger.miss('the database that held it was replaced')
  }
}
