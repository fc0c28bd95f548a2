import type { MessagePort } from 'node:worker_threads'
import { type Backoff, backoffMs, type Clock, type Logger } from '#core/platform/index.ts'
import { type HandedWrite, WritePacker } from './write-packing.ts'
import type { WriterNotice, WriterOpening, WriterRequest } from './writer-protocol.ts'
import type { WriterThread } from './writer-thread.ts'

/** Told what becomes of the writer thread and what it says. */
export interface WriterListener {
  notice(notice: WriterNotice): void
  /** The thread ended unasked; another is started soon. */
  lost(reason: string): void
  /** Another thread took its place, and found the database like this; null when it is opened later. */
  back(opening: WriterOpening | null): void
  /** It ended too often: no other is started. */
  gaveUp(reason: string): void
}

export interface WriterLineParts {
  readonly thread: WriterThread
  /** Starts another thread on the database as it is then. */
  readonly start: () => Promise<WriterThread>
  readonly clock: Clock
  readonly logger: Logger
  readonly listener: WriterListener
}

/** Pauses before a dead thread is replaced. */
const pauses: Backoff = { firstMs: 100, factor: 3, capMs: 5_000 }
/** A thread that ends so often within a minute would do so for ever. */
export const mostDeaths = 5
const forgiveMs = 60_000

/** The way to the writer thread of one database: keeps one running, and starts another when it dies. */
export class WriterLine {
  readonly #parts: WriterLineParts
  #thread: WriterThread | undefined
  #packer = new WritePacker()
  #deaths: number[] = []
  #pause: Disposable | undefined
  #starting: Promise<void> = Promise.resolve()
  #closing = false

  constructor(parts: WriterLineParts) {
    this.#parts = parts
    this.#attach(parts.thread)
  }

  get running(): boolean {
    return this.#thread !== undefined
  }

  /** Hands writes over; false when there is no thread at present. */
  hand(writes: readonly HandedWrite[]): void {
    this.#thread?.send({ type: 'writes', writes: this.#packer.pack(writes) })
  }

  /** Nothing is sent when there is no thread at present. */
  send(request: WriterRequest, transfer: readonly MessagePort[] = []): void {
    this.#thread?.send(request, transfer)
  }

  /** Resolves with the first notice that `answer` takes for one, or null when there is no thread, or none any more. */
  async ask<T>(request: WriterRequest, answer: (notice: WriterNotice) => T | undefined): Promise<T | null> {
    // One that is being started may have what this is about open already.
    if (!this.#thread) await this.#starting
    const thread = this.#thread
    if (!thread) return null
    const answered = Promise.withResolvers<T | null>()
    using _listening = thread.onNotice((notice) => {
      const taken = answer(notice)
      if (taken !== undefined) answered.resolve(taken)
    })
    void thread.ended.then(() => answered.resolve(null))
    thread.send(request)
    return await answered.promise
  }

  /** Ends the thread in order, and starts no other. Tells what went wrong with that. */
  async close(withinMs: number): Promise<readonly string[]> {
    this.#closing = true
    this.#pause?.[Symbol.dispose]()
    await this.#starting
    return (await this.#thread?.close(withinMs)) ?? []
  }

  #attach(thread: WriterThread): void {
    this.#thread = thread
    this.#packer = new WritePacker()
    thread.onNotice((notice) => this.#parts.listener.notice(notice))
    void thread.ended.then((reason) => {
      if (this.#thread !== thread) return
      this.#thread = undefined
      if (this.#closing) return
      const why = reason ?? 'it ended by itself'
      this.#parts.listener.lost(why)
      this.#another(why)
    })
  }

  #another(why: string): void {
    const { clock, listener } = this.#parts
    const now = clock.monotonic()
    this.#deaths = [...this.#deaths.filter((at) => now - at < forgiveMs), now]
    if (this.#deaths.length >= mostDeaths) {
      listener.gaveUp(why)
      return
    }
    this.#pause = clock.after(backoffMs(pauses, this.#deaths.length, 0), () => {
      this.#starting = this.#start()
    })
  }

  async #start(): Promise<void> {
    try {
      const thread = await this.#parts.start()
      this.#attach(thread)
      if (this.#closing) return
      this.#parts.logger.info('The store writes again: another writer thread was started.')
      this.#parts.listener.back(thread.opening)
    } catch (error) {
      if (!this.#closing) this.#another(error instanceof Error ? error.message : String(error))
    }
  }
}
