import type { Probe } from '#core/config/index.ts'

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

/** Tries a check once. Never rejects: not being able to ask is an answer too. Aborting ends it early. */
export type RunCheck = (check: Check, timeoutMs: number, signal: AbortSignal) => Promise<ProbeAnswer>
