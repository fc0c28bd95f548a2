import type { Problem } from '#shared/problem.ts'
import type { ApiContext } from '../context.ts'

/** The source of one subscription. It never sends by itself: it says that there is something, and is asked for it. */
export interface Stream extends Disposable {
  /** What has come since the last call, merged or cut as the stream's rule says; undefined when there is nothing. */
  take(): { readonly items: readonly unknown[]; readonly skipped: number } | undefined
}

export interface StreamHost {
  readonly context: ApiContext
  /** There may be something to take. */
  ready(): void
  /** The stream is over; with a problem when that was not foreseen. */
  end(problem: Problem | null): void
}

/** Opens a stream with parameters that were checked against the contract. */
export type OpenStream<P> = (params: P, host: StreamHost) => Stream | Promise<Stream>
