import type { Backoff } from '#core/platform/index.ts'
import type { BreakerRule } from './breaker.ts'

/** What counts as a failure: no connection, no answer in time, or an answer with a status between two bounds. */
export type FailureRule = 'network' | 'timeout' | { readonly from: number; readonly to: number }

/** What is answered in the place of the other side. */
export interface FallbackAnswer {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
}

/** Everything that calls to one other side are made by. Times in milliseconds, sizes in bytes. */
export interface TargetSettings {
  readonly id: string
  /** Name in sentences. */
  readonly title: string
  /** Scheme, host, port and base path, without user, query and final slash. */
  readonly url: string
  /** Until the answer begins, and the longest silence within it. */
  readonly timeoutMs: number
  /** One try with the whole of its answer. */
  readonly longestMs: number
  /** Tries of one call in all. */
  readonly attempts: number
  readonly backoff: Backoff
  readonly breaker: BreakerRule
  readonly fallback: FallbackAnswer | null
  readonly methods: readonly string[]
  readonly failures: readonly FailureRule[]
  /** Whether calls are repeated that change something each time. */
  readonly repeat: 'idempotent' | 'all'
  /** Headers that are added to each call; their values are secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Calls under way at once; more are answered at once with the fallback. */
  readonly concurrency: number
  /** As many of them may be one caller's, so that none keeps the others out. */
  readonly perCaller: number
  readonly requestBytes: number
  readonly answerBytes: number
}

/** Methods that may be repeated without changing anything twice (RFC 9110, 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Whether a call may be made again after it has failed. A caller that gives an idempotency key says so itself. */
export function isRepeatable({ attempts, repeat }: TargetSettings, method: string, hasKey: boolean): boolean {
  return attempts > 1 && (repeat === 'all' || hasKey || idempotent.has(method))
}

/** Whether an answer with this status is a failure of the other side. */
export function isFailingStatus({ failures }: TargetSettings, status: number): boolean {
  return failures.some((rule) => typeof rule === 'object' && status >= rule.from && status <= rule.to)
}

/** Milliseconds that an answer asks to wait (`retry-after`, in seconds or as a date); 0 when it does not. */
export function askedPauseMs(retryAfter: string | undefined, wall: number): number {
  if (retryAfter === undefined) return 0
  if (/^\d{1,6}$/.test(retryAfter)) return Number(retryAfter) * 1_000
  const at = Date.parse(retryAfter)
  return Number.isNaN(at) ? 0 : Math.max(0, at - wall)
}
