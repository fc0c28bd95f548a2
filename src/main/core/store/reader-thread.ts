import { Worker } from 'node:worker_threads'
import { type Logger, type Runtime, threadMemory } from '#core/platform/index.ts'
import type { ReaderNotice, ReaderRequest, ReaderSetup } from './reader-protocol.ts'
import { slowMs } from './slow-statements.ts'
import { queryBusy, querySlow, storeClosed, storeError, storeInterrupted } from './sqlite-failure.ts'
import { statementName } from './statement-name.ts'
import type { DatabaseName, QueryOptions, Statement } from './types.ts'

/** How many queries may wait for the reader thread. */
export const queryBound = 100
const defaultMs = 5_000
/** A thread that is this much later than its query's limit is inside one long statement; another takes its place. */
const stuckAfterMs = 5_000
const mostStuck = 2
const closeWithinMs = 2_000

interface Query {
  readonly id: number
  readonly database: DatabaseName
  readonly path: string
  readonly statement: Statement
  readonly atMostMs: number
  readonly deadline: number
  readonly resolve: (rows: readonly never[]) => void
  readonly reject: (error: unknown) => void
}

interface RunningThread {
  readonly worker: Worker
  readonly calledOff: Int32Array
  /** What it is doing; it is given one request at a time. */
  query: Query | undefined
  readonly releasing: Map<DatabaseName, () => void>
  readonly exited: Promise<unknown>
}

/**
 * Queries that may run long, one after the other in a thread of their own, which is started when the first one comes and again
 * after it died. Every query is answered within its limit, counted from the call, whatever the thread does.
 */
export class ReaderThread implements AsyncDisposable {
  readonly #runtime: Runtime
  readonly #logger: Logger
  readonly #onSlow: (statement: string, ms: number) => void
  readonly #waiting: Query[] = []
  #thread: RunningThread | undefined
  #stuck = 0
  #nextId = 1
  #closed = false

  /** `onSlow` is told of queries that took long, with their name and milliseconds. */
  constructor(runtime: Runtime, logger: Logger, onSlow: (statement: string, ms: number) => void) {
    this.#runtime = runtime
    this.#logger = logger
    this.#onSlow = onSlow
  }

  /** How many queries wait or run. */
  get depth(): number {
    return this.#waiting.length + (this.#thread?.query ? 1 : 0)
  }

  /** All rows. Rejects with a ConsoleError (see `Database.query`) or the signal's reason. */
  async query<T>(
    { database, path }: { readonly database: DatabaseName; readonly path: string },
    statement: Statement,
    options: QueryOptions = {},
  ): Promise<readonly T[]> {
    const { atMostMs = defaultMs, signal } = options
    signal?.throwIfAborted()
    if (this.#closed) throw storeClosed(database, 'the site was closed')
    if (this.#waiting.length >= queryBound) throw queryBusy(database, this.#waiting.length)
    const { promise, resolve, reject } = Promise.withResolvers<readonly T[]>()
    const id = this.#nextId++
    const query: Query = {
      id,
      database,
      path,
      statement,
      atMostMs,
      deadline: performance.now() + atMostMs,
      resolve,
      reject,
    }
    const giveUp = (reason: unknown) => {
      this.#callOff(query)
      reject(reason)
    }
    const onAbort = () => giveUp(signal?.reason)
    // Real time, as in the thread: it bounds the wait for a real thread.
    const timer = setTimeout(() => giveUp(querySlow(database, atMostMs)), atMostMs + 50)
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.push(query)
    this.#next()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Closes the thread's connection to a database. What runs on it is given up; the next query opens it again. */
  async release(database: DatabaseName): Promise<void> {
    const thread = this.#thread
    if (!thread) return
    if (thread.query?.database === database) {
      thread.query.reject(storeInterrupted(database, 'it is being replaced'))
      this.#callOff(thread.query)
    }
    const released = Promise.withResolvers<void>()
    thread.releasing.set(database, released.resolve)
    send(thread, { type: 'release', database })
    const late = setTimeout(() => {
      this.#abandon(thread)
      released.resolve()
    }, closeWithinMs)
    await Promise.race([released.promise, thread.exited])
    clearTimeout(late)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const thread = this.#thread
    const running = thread?.query
    if (running) {
      running.reject(storeClosed(running.database, 'the site was closed'))
      this.#callOff(running)
    }
    for (const { database, reject } of this.#waiting.splice(0)) reject(storeClosed(database, 'the site was closed'))
    if (!thread) return
    send(thread, { type: 'close' })
    // A thread inside a long statement does not heed its termination, so that is not waited for either.
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      void thread.worker.terminate()
      late.resolve()
    }, closeWithinMs)
    await Promise.race([thread.exited, late.promise])
    clearTimeout(timer)
  }

  #next(): void {
    if (this.#closed || this.#waiting.length === 0 || this.#thread?.query || this.#stuck >= mostStuck) return
    const query = this.#waiting.shift()
    if (!query) return
    this.#thread ??= this.#start()
    this.#thread.query = query
    const { id, database, path, statement, deadline } = query
    const atMostMs = Math.max(0, deadline - performance.now())
    send(this.#thread, { type: 'query', id, database, path, statement, atMostMs })
  }

  /** Nobody waits for it any more. */
  #callOff(query: Query): void {
    const at = this.#waiting.indexOf(query)
    if (at !== -1) this.#waiting.splice(at, 1)
    const thread = this.#thread
    if (thread?.query !== query) return
    Atomics.store(thread.calledOff, 0, query.id)
    const patience = setTimeout(() => {
      if (thread.query === query) this.#abandon(thread)
    }, stuckAfterMs)
    patience.unref()
  }

  /** Leaves a thread alone that is inside one long statement; it ends when that statement does. */
  #abandon(thread: RunningThread): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    this.#stuck++
    void thread.worker.terminate()
    void thread.exited.then(() => {
      this.#stuck--
      this.#next()
    })
    this.#logger.warn("A query of the console's own store could not be called off; another thread reads on.", {
      statement: thread.query?.statement.sql,
    })
    this.#next()
  }

  #start(): RunningThread {
    const calledOff = new Int32Array(new SharedArrayBuffer(4))
    const workerData: ReaderSetup = { calledOff }
    const worker = new Worker(this.#runtime.program('store-reader'), {
      workerData,
      name: 'store-reader',
      execArgv: [],
      resourceLimits: threadMemory.quiet,
    })
    const exited = Promise.withResolvers<void>()
    const thread: RunningThread = {
      worker,
      calledOff,
      query: undefined,
      releasing: new Map(),
      exited: exited.promise,
    }
    let failure = 'it ended by itself'
    worker.on('message', (notice: ReaderNotice) => this.#take(thread, notice))
    worker.on('error', (error) => {
      failure = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => {
      exited.resolve()
      this.#ended(thread, failure)
    })
    return thread
  }

  #take(thread: RunningThread, notice: ReaderNotice): void {
    if (notice.type === 'released') {
      thread.releasing.get(notice.database)?.()
      return
    }
    const query = thread.query
    if (query?.id !== notice.id) return
    thread.query = undefined
    if ('ms' in notice && notice.ms > slowMs) this.#onSlow(statementName(query.statement), notice.ms)
    switch (notice.type) {
      case 'rows':
        query.resolve(notice.rows)
        break
      case 'given up':
        query.reject(querySlow(query.database, query.atMostMs))
        break
      case 'failed':
        query.reject(storeError(query.database, notice.failure))
    }
    this.#next()
  }

  #ended(thread: RunningThread, reason: string): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    if (this.#closed) return
    this.#logger.error(`The thread that reads the console's own store ended: ${reason}.`)
    thread.query?.reject(storeInterrupted(thread.query.database, `its reader thread ended: ${reason}`))
    this.#next()
  }
}

function send({ worker }: RunningThread, request: ReaderRequest): void {
  worker.postMessage(request)
}
