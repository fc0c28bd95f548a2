import { Worker } from 'node:worker_threads'
import type { Runtime } from '#core/platform/index.ts'
import type { LogPage, LogSearch } from '#shared/contract/log-search.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { LogFiles } from './launch-plan.ts'
import { type LogSearchAnswer, type LogSearchOrder, readPlaces, writePlaces } from './log-page.ts'

/** So many searches run at once, each in a thread of its own. */
const mostSearches = 4
/** One page looks through at most so much. */
const bytesAtMost = 256 * 1024 * 1024
const msAtMost = 4_000
/** A thread that is so much later is inside one line: a pattern that tries endlessly many ways. It is ended. */
const stuckAfterMs = 2_000

/** Searches of logs: never on the console's own thread, bounded in bytes and time, ended with the site. */
export class LogSearches implements AsyncDisposable {
  readonly #runtime: Runtime
  readonly #running = new Set<Worker>()
  #closed = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /**
   * A page of lines, newest first. Rejects with `log-pattern-bad`, `log-pattern-slow`, `log-search-busy`, or `log-place-gone`
   * when the page after one is asked for whose files have been deleted since.
   */
  async search(files: LogFiles, request: LogSearch): Promise<LogPage> {
    const after = request.after === undefined ? { out: null, err: null } : readPlaces(request.after)
    if (!after) throw placeGone()
    if (request.pattern) assertPattern(request.text)
    if (this.#running.size >= mostSearches || this.#closed) throw busy()
    const began = performance.now()
    const answer = await this.#run({ files, request, after, bytesAtMost, msAtMost })
    if (!answer.found) throw placeGone()
    return {
      lines: answer.lines,
      next: answer.next && writePlaces(answer.next),
      bytes: answer.bytes,
      ms: Math.round(performance.now() - began),
      sentence: answer.bounded
        ? `It looked through ${Math.round(answer.bytes / 1_000_000)} MB and stopped there; older lines have not been looked at yet.`
        : null,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#running].map((worker) => worker.terminate()))
  }

  async #run(order: LogSearchOrder): Promise<LogSearchAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<LogSearchAnswer>()
    const worker = new Worker(this.#runtime.program('log-search'), {
      workerData: order,
      name: 'log-search',
      execArgv: [],
    })
    this.#running.add(worker)
    worker.once('message', resolve).once('error', reject)
    worker.once('exit', () => {
      this.#running.delete(worker)
      reject(this.#closed ? busy() : new Error('The thread that searches a log ended without an answer.'))
    })
    // Real time, as in the thread: it bounds the wait for a real thread.
    const timer = setTimeout(() => reject(patternSlow()), msAtMost + stuckAfterMs)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      void worker.terminate()
    }
  }
}

function assertPattern(text: string): void {
  try {
    new RegExp(text, 'i')
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
    throw new ConsoleError(
      'log-pattern-bad',
      `This is no regular expression: ${detail}.`,
      'Correct it, or search for the text as it stands.',
      { params: { text } },
    )
  }
}

function patternSlow(): ConsoleError {
  return new ConsoleError(
    'log-pattern-slow',
    `The search was ended after ${(msAtMost + stuckAfterMs) / 1_000} s: the disk does not answer, or the regular expression tries endlessly many ways on one line.`,
    'Search for a plain text, or take repeats within repeats out of the expression, such as (a+)+.',
  )
}

function busy(): ConsoleError {
  return new ConsoleError(
    'log-search-busy',
    `${mostSearches} searches of logs are under way already, or the site is being closed.`,
    'Wait for one of them and try again.',
    { retryable: true },
  )
}

function placeGone(): ConsoleError {
  return new ConsoleError(
    'log-place-gone',
    'The log has moved on since the page before: the file in which it ended is no longer kept.',
    'Search again from the beginning.',
  )
}
