import { statSync } from 'node:fs'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Clock, DisposableStore, type Logger, type Runtime } from '#core/platform/index.ts'
import { Reader } from './reader.ts'
import { ReaderThread } from './reader-thread.ts'
import { storeClosed, storeError } from './sqlite-failure.ts'
import type {
  Database,
  DatabaseName,
  OpenedAs,
  RecordClass,
  Statement,
  StatementResult,
  Store,
  StoreStatistics,
} from './types.ts'
import type { Upkeep } from './upkeep.ts'
import { LatencyWindow, queueBound, WriteQueue } from './write-queue.ts'
import type { WriterNotice } from './writer-protocol.ts'
import type { WriterThread } from './writer-thread.ts'

export interface OpenStoreParts {
  readonly thread: WriterThread
  readonly paths: Readonly<Record<DatabaseName, string>>
  readonly opened: Readonly<Record<DatabaseName, OpenedAs>>
  readonly upkeep: Upkeep
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
}

const closeWithinMs = 15_000

/** The store while it is open: hands writes to the writer thread and reads beside it. */
export class OpenStore implements Store {
  readonly control: Database
  readonly messages: Database
  readonly opened: Readonly<Record<DatabaseName, OpenedAs>>
  readonly upkeep: Upkeep
  readonly #parts: OpenStoreParts
  readonly #owned = new DisposableStore()
  readonly #readerThread: ReaderThread
  readonly #latency = new LatencyWindow()
  readonly #queues: Readonly<Record<DatabaseName, WriteQueue>>
  #nextId = 1
  /** Why nothing more is taken, once that is so. */
  #closed: string | null = null

  constructor(parts: OpenStoreParts) {
    this.#parts = parts
    this.opened = parts.opened
    this.upkeep = parts.upkeep
    const now = () => parts.clock.monotonic()
    this.#queues = {
      control: new WriteQueue('control', this.#latency, now),
      messages: new WriteQueue('messages', this.#latency, now),
    }
    for (const { database, failure } of parts.thread.opened.readOnly) {
      this.#queues[database].fail('read-only', storeError(database, failure).message)
    }
    this.#owned.add(parts.thread.onNotice((notice) => this.#take(notice)))
    void parts.thread.ended.then((reason) => this.#writerEnded(reason ?? 'its writer has ended'))
    this.#readerThread = this.#owned.add(new ReaderThread(parts.runtime, parts.paths, parts.logger))
    this.control = this.#database('control')
    this.messages = this.#database('messages')
  }

  statistics(): StoreStatistics {
    const queues = [this.#queues.control, this.#queues.messages]
    const worst = queues.find(({ state }) => state === 'failed') ?? queues.find(({ state }) => state !== 'open')
    return {
      queue: { depth: queues.reduce((sum, { depth }) => sum + depth, 0), bound: queueBound.writes * queues.length },
      commit: this.#latency.summary(),
      state: worst?.state ?? 'open',
      note: worst?.note ?? null,
      bytes: { control: bytesOf(this.#parts.paths.control), messages: bytesOf(this.#parts.paths.messages) },
    }
  }

  directPort(): MessagePort {
    if (this.#closed) throw storeClosed('messages', this.#closed)
    const { port1, port2 } = new MessageChannel()
    this.#parts.thread.send({ type: 'direct', port: port2 }, [port2])
    return port1
  }

  async settled(): Promise<void> {
    await Promise.all([this.#queues.control.idle(), this.#queues.messages.idle()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) {
      await this.#owned[Symbol.asyncDispose]()
      await this.#parts.thread.ended
      return
    }
    this.#closed = 'the site was closed'
    const { thread, logger } = this.#parts
    await Promise.race([this.settled(), thread.ended, elapsed(closeWithinMs)])
    // Readers before the writer: the last connection to a database takes its write-ahead log away.
    await this.#owned[Symbol.asyncDispose]()
    for (const problem of await thread.close(closeWithinMs)) logger.warn(problem)
  }

  #database(name: DatabaseName): Database {
    const reader = this.#owned.add(new Reader(name, this.#parts.paths[name]))
    return {
      name,
      all: (statement) => reader.all(statement),
      get: (statement) => reader.get(statement),
      query: (statement, options) => this.#readerThread.query(name, statement, options),
      write: (statements, recordClass) => this.#write(name, statements, recordClass),
    }
  }

  async #write(
    database: DatabaseName,
    statements: readonly Statement[],
    recordClass: RecordClass,
  ): Promise<readonly StatementResult[]> {
    if (this.#closed) throw storeClosed(database, this.#closed)
    const id = this.#nextId++
    const results = this.#queues[database].enter(id, statements)
    this.#parts.thread.send({ type: 'write', id, database, recordClass, statements })
    return results
  }

  #take(notice: WriterNotice): void {
    if (notice.type !== 'committed') return
    for (const { id, outcome } of notice.outcomes) {
      if (!this.#queues.control.leave(id, outcome)) this.#queues.messages.leave(id, outcome)
    }
  }

  #writerEnded(reason: string): void {
    const unasked = this.#closed === null
    this.#closed ??= `its writer thread ended: ${reason}`
    if (unasked) this.#parts.logger.error(`The store cannot write any more: its writer thread ended: ${reason}.`)
    for (const name of ['control', 'messages'] as const) {
      const error = storeClosed(name, this.#closed)
      if (unasked) this.#queues[name].fail('failed', error.message)
      this.#queues[name].refuseAll(error)
    }
  }
}

/** Real time, whatever the injected clock says: it bounds the wait for a real thread. */
function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref())
}

/** Size without opening the files: opening and closing one would drop SQLite's locks. */
function bytesOf(path: string): number {
  const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size(path) + size(`${path}-wal`)
}
