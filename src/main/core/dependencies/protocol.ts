import type { BreakerRecord, Figures, TargetSettings } from '#core/proxy/index.ts'

// What the console and the thread of the local proxy say to each other.

/** A target with how it is checked. Times in milliseconds. */
export interface TargetPlan extends TargetSettings {
  readonly check: {
    readonly path: string | null
    readonly status: number | null
    readonly everyMs: number
    readonly timeoutMs: number
  } | null
}

/** What one service may call, and the secret part of the address by which it is known. */
export interface Grant {
  readonly service: string
  readonly token: string
  readonly dependencies: readonly string[]
}

export interface ProxyPlan {
  readonly targets: readonly TargetPlan[]
  /** Targets that cannot be called, each with the sentence that says why. */
  readonly unusable: Readonly<Record<string, string>>
  readonly grants: readonly Grant[]
  /** What was remembered of the breakers; only what the thread does not know yet counts. */
  readonly records: Readonly<Record<string, BreakerRecord>>
}

export interface CheckAnswer {
  /** Wall-clock milliseconds. */
  readonly at: number
  readonly ok: boolean
  readonly sentence: string
  readonly ms: number
}

/** How one target is at this moment. Wall-clock milliseconds. */
export interface TargetReport {
  readonly record: BreakerRecord
  readonly nextTryAt: number | null
  readonly failures: number
  readonly underWay: number
  readonly figures: Figures
  readonly check: CheckAnswer | null
}

export type ToProxy =
  | { readonly type: 'plan'; readonly plan: ProxyPlan }
  | { readonly type: 'isolate' | 'reset'; readonly id: string }
  | { readonly type: 'check'; readonly id: string; readonly call: number }
  | { readonly type: 'stop' }

export type FromProxy =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly code: string; readonly reason: string }
  /** A breaker changed its state. Sent at once. */
  | { readonly type: 'changed'; readonly id: string; readonly report: TargetReport }
  /** What changed of the figures; twice a second at most. */
  | { readonly type: 'reports'; readonly reports: Readonly<Record<string, TargetReport>> }
  | { readonly type: 'checked'; readonly call: number; readonly answer: CheckAnswer | null }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>>
    }

/** What the thread is started with. `port` 0: any that is free. */
export interface ProxySettings {
  readonly port: number
}
