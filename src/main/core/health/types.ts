import type { Probe } from '#core/config/index.ts'
import type { Health } from '#shared/vocabulary.ts'

/** What one try of a probe found, in words for a technician. */
export interface ProbeAnswer {
  readonly ok: boolean
  /** "connection refused at 127.0.0.1:18101", "503 in 12 ms: database is gone". */
  readonly sentence: string
  /** Milliseconds that the try took. */
  readonly ms: number
}

/** One thing to check, with every `${…}` resolved. */
export type Check = Probe['check']

/** What a service pushed of itself, for the checks that look at it. */
export interface PushedFacts {
  /** Its newest push of any kind; null when there was none since it was started. */
  latest(): { readonly at: number; readonly health: Health | null; readonly sentence: string | null } | null
  figure(name: string): { readonly value: number; readonly at: number } | null
}

/** Looks at a database once: connects, reads its schema, and leaves. Never rejects. */
export type DatabaseCheck = (
  check: Extract<Check, { type: 'sqlite' | 'postgres' }>,
  given: { readonly service: string; readonly password: string | null },
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<ProbeAnswer>

/** Tries a check once. Never rejects: not being able to ask is an answer too. Aborting ends it early. */
export type RunCheck = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<ProbeAnswer>
