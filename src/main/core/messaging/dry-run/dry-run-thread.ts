import { Worker } from 'node:worker_threads'
import type { RouteDefinition } from '#core/config/index.ts'
import type { Clock, Runtime } from '#core/platform/index.ts'
import type { DryRunReport, PassportRoute, StoredMessage } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { FunctionGround } from '../function/function-process.ts'
import type { TableContents } from '../lookup/lookup-tables.ts'

/** How long one may take. Milliseconds. */
const atMostMs = 15_000
/** How many may go on at a time. */
const mostThreads = 2

/** What the thread is asked. */
export type DryRunRequest =
  | {
      readonly type: 'dry run'
      readonly before: RouteDefinition | null
      readonly after: RouteDefinition | null
      readonly messages: readonly StoredMessage[]
      readonly tables: TableContents
      /** The site's brokers, the first one meant where a route names none. */
      readonly brokers: readonly string[]
      /** Where the functions of routes lie; without it none is called. */
      readonly functions?: FunctionGround
    }
  | {
      readonly type: 'passport'
      readonly routes: readonly RouteDefinition[]
      readonly message: StoredMessage
      readonly tables: TableContents
      readonly brokers: readonly string[]
      /** Where the functions of routes lie; without it none is called. */
      readonly functions?: FunctionGround
    }

/** What it answers. */
export type DryRunAnswer =
  | { readonly type: 'dry run'; readonly report: DryRunReport }
  | { readonly type: 'passport'; readonly routes: readonly PassportRoute[] }

/** Dry runs, each in a thread of its own that is ended when it takes too long. */
export class DryRuns implements AsyncDisposable {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #running = new Set<Worker>()
  #closed = false

  constructor({ runtime, clock }: { readonly runtime: Runtime; readonly clock: Clock }) {
    this.#runtime = runtime
    this.#clock = clock
  }

  /** Rejects with `dry-run-busy`, `dry-run-slow` or `dry-run-failed`. */
  async ask(request: DryRunRequest): Promise<DryRunAnswer> {
    if (this.#closed || this.#running.size >= mostThreads) {
      throw new ConsoleError(
        'dry-run-busy',
        `No message was taken through the routes, because ${this.#closed ? 'the site was closed' : 'others are being tried'}.`,
        'Try again in a moment.',
        { retryable: true },
      )
    }
    const answered = Promise.withResolvers<DryRunAnswer>()
    const worker = new Worker(this.#runtime.program('dry-run'), {
      name: 'dry-run',
      workerData: request,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    this.#running.add(worker)
    worker.once('message', (answer: DryRunAnswer) => answered.resolve(answer))
    worker.once('error', (error) => answered.reject(failed(error instanceof Error ? error.message : String(error))))
    worker.once('exit', () => answered.reject(failed('it ended without an answer')))
    using _patience = this.#clock.after(atMostMs, () => answered.reject(slow()))
    try {
      return await answered.promise
    } finally {
      this.#running.delete(worker)
      void worker.terminate()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#running].map((worker) => worker.terminate()))
  }
}

function slow(): ConsoleError {
  return new ConsoleError(
    'dry-run-slow',
    `The messages were not through the routes after ${atMostMs / 1_000} s, so the trial was ended. Nothing was delivered.`,
    'Try fewer messages, or look for an expression that goes over long payloads.',
  )
}

function failed(reason: string): ConsoleError {
  return new ConsoleError(
    'dry-run-failed',
    `The messages could not be taken through the routes: ${reason.replace(/\.$/, '')}. Nothing was delivered.`,
    'Check the text of the route, then try again.',
  )
}
