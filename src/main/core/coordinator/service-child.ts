import type { ProcessIdentity } from '#core/platform/index.ts'
import type { Health } from '#shared/vocabulary.ts'

/** What runs for a service at one time: a process with its descendants, or a part of the console. */
export interface ServiceChild {
  /** Null for a builtin. */
  readonly identity: ProcessIdentity | null
  /** The mark of its processes; null for a builtin. */
  readonly run: string | null
  /** Wall-clock milliseconds. */
  readonly startedAt: number
  /** Resolves once, when it itself is gone; what it left behind may still be there. */
  readonly exited: Promise<void>
  /** Resolves once, when it and everything that belonged to it is gone. Never rejects. */
  readonly ended: Promise<ChildEnd>
  /** Asks it to end and kills it after its time; or kills it at once. Calling again with `force` hurries it. */
  end(force: boolean): void
  /** Kills at once, telling how many processes were hit. `found` are those of its family and those that carry its mark. */
  killNow(found: readonly ProcessIdentity[]): number
  /** Lets go of it without stopping it where that is possible: a builtin cannot live without the console. */
  release(): Promise<void>
  /** What a builtin says of itself; null where only probes can tell. */
  report(): { readonly health: Health; readonly sentence: string } | null
}

export interface ChildEnd {
  /** To stand after "it": "exited with code 1". */
  readonly sentence: string
  readonly ok: boolean
  readonly code: number | null
  readonly signal: string | null
  /** Wall-clock milliseconds. */
  readonly at: number
  /** The last lines that it wrote. */
  readonly log: readonly string[]
}
