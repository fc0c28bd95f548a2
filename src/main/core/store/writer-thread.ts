import { type MessagePort, Worker } from 'node:worker_threads'
import { inTime, Listeners, type Logger, type Runtime } from '#core/platform/index.ts'
import { storeError } from './sqlite-failure.ts'
import type { DatabaseName } from './types.ts'
import type { WriterNotice, WriterOpening, WriterRequest, WriterSetup } from './writer-protocol.ts'

/** The running writer thread as seen from the thread that owns it. */
export interface WriterThread {
  /** How it found its database when it started; null when that is opened later. */
  readonly opening: WriterOpening | null
  send(request: WriterRequest, transfer?: readonly MessagePort[]): void
  onNotice(listener: (notice: WriterNotice) => void): Disposable
  /** Resolves when the thread has ended, with the reason when it ended by itself. */
  readonly ended: Promise<string | null>
  /** Asks it to commit what waits, close its database and end; ends it by force after `withinMs` milliseconds. */
  close(withinMs: number): Promise<readonly string[]>
}

/** Starts the writer thread of a database and waits until it has tried to open that. Rejects with a ConsoleError when it cannot start. */
export async function startWriter(runtime: Runtime, logger: Logger, setup: WriterSetup): Promise<WriterThread> {
  // Without the host's own options for Node, which may make no sense for a thread.
  const name = `store-writer-${setup.database}`
  const options = { workerData: setup, name, execArgv: [] }
  const worker = new Worker(runtime.program('store-writer'), options)
  const notices = new Listeners<WriterNotice>((error) => logger.error('A listener of the writer failed.', { error }))
  const ended = Promise.withResolvers<string | null>()
  let failure: string | null = null
  worker.on('message', (notice: WriterNotice) => notices.tell(notice))
  worker.on('error', (error) => {
    failure = error instanceof Error ? error.message : String(error)
  })
  worker.on('exit', (code) => ended.resolve(failure ?? (code === 0 ? null : `it ended with code ${code}`)))
  const opening = await firstWord(setup.database, notices, ended.promise)
  return {
    opening,
    send: (request, transfer = []) => worker.postMessage(request, [...transfer]),
    onNotice: (listener) => notices.add(listener),
    ended: ended.promise,
    close: (withinMs) => close(worker, notices, ended.promise, withinMs),
  }
}

async function firstWord(
  database: DatabaseName,
  notices: Listeners<WriterNotice>,
  ended: Promise<string | null>,
): Promise<WriterOpening | null> {
  const first = Promise.withResolvers<WriterOpening | null>()
  using _listening = notices.add((notice) => {
    if (notice.type === 'started') first.resolve(notice.opening)
  })
  void ended.then((reason) => {
    const message = `the writer thread could not start: ${reason ?? 'it ended at once'}`
    first.reject(storeError(database, { code: 'unknown', message }))
  })
  return await first.promise
}

async function close(
  worker: Worker,
  notices: Listeners<WriterNotice>,
  ended: Promise<string | null>,
  withinMs: number,
): Promise<readonly string[]> {
  let problems: readonly string[] = []
  using _listening = notices.add((notice) => {
    if (notice.type === 'closed') problems = notice.problems
  })
  const request: WriterRequest = { type: 'close' }
  worker.postMessage(request)
  // A thread inside a long SQLite call does not heed its termination, so that is not waited for either.
  const late = Promise.withResolvers<string>()
  const deadline = setTimeout(() => {
    void worker.terminate()
    late.resolve(`it was still busy after ${inTime(withinMs)}`)
  }, withinMs)
  const reason = await Promise.race([ended, late.promise])
  clearTimeout(deadline)
  return reason === null ? problems : [...problems, `A writer thread did not end as it should: ${reason}.`]
}
