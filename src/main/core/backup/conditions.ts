import type { JobContext } from '#core/jobs/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { backupFailed, noBackup, notGood, sharesDisk, unreachable } from './cards.ts'
import type { Catalogue } from './catalogue.ts'
import { eventKinds } from './event-kinds.ts'
import { repositoryHeld } from './keeping/cards.ts'
import { type JudgedFacts, judgeKeeping } from './keeping/judge.ts'
import type { BackupsOptions } from './options.ts'
import type { ScheduledKind } from './schedule.ts'
import { newestGood } from './views.ts'

/** Tells what a person should know of backups and restores: events as things happen, cards as long as they are so. */
export class Conditions {
  readonly #options: BackupsOptions
  readonly #catalogue: Catalogue
  /** What is judged of the keeping. */
  readonly #facts: (now: number, cause: Cause) => JudgedFacts
  readonly #attempts = new Map<ScheduledKind, number>()

  constructor(options: BackupsOptions, catalogue: Catalogue, facts: (now: number, cause: Cause) => JudgedFacts) {
    this.#options = options
    this.#facts = facts
    this.#catalogue = catalogue
  }

  /** Raises and clears what follows from the list of snapshots alone. `now`: wall-clock milliseconds. */
  judge(now: number): void {
    const cause: Cause = { type: 'observation', what: 'the snapshots in the backup folder' }
    const { attention, folder } = this.#options
    const { problem } = this.#catalogue
    this.#hold(
      'backup-unreachable',
      problem !== null,
      () => attention.raise(unreachable(problem?.message ?? '', cause)),
      cause,
    )
    if (problem) return
    const good = newestGood(this.#catalogue.snapshots)
    this.#hold('backup-none', !good, () => attention.raise(noBackup(cause)), cause)
    for (const [id, card] of judgeKeeping(this.#facts(now, cause))) {
      if (card === null) attention.clear(id, cause)
      else if (card !== 'undecided') attention.raise(card)
    }
    const shares = this.#catalogue.view().sharesDisk
    this.#hold('backup-shares-disk', shares, () => attention.raise(sharesDisk(folder, cause)), cause)
  }

  /** A snapshot was taken. It may still not be good. */
  backedUp(snapshot: string, sentence: string, good: boolean, why: string, context: JobContext): void {
    const { attention, events } = this.#options
    const event = events.emit({
      kind: eventKinds.completed,
      subject: `snapshot:${snapshot}`,
      severity: good ? 'info' : 'warning',
      message: sentence,
      cause: context.cause,
      operation: context.operation,
      data: { snapshot, good },
    })
    attention.clear('backup-failed', event.cause)
    attention.clear('backup-held', event.cause)
    if (good) attention.clear('backup-not-good', event.cause)
    else attention.raise(notGood(snapshot, why, event.cause))
  }

  backupFailed(kind: ScheduledKind, error: unknown, context: JobContext): void {
    if (context.signal.aborted) return
    const { attention, events, site } = this.#options
    const message = `The backup of ${site.name} failed: ${sentenceOf(error)}`
    const event = events.emit({
      kind: eventKinds.failed,
      subject: 'site',
      severity: 'error',
      message,
      cause: context.cause,
      operation: context.operation,
      data: { kind },
    })
    if (error instanceof ConsoleError && error.problem.code === 'repository-busy')
      attention.raise(repositoryHeld(message, event.cause))
    else attention.raise(backupFailed(message, event.cause))
  }

  restoreFailed(what: string, error: unknown, context: JobContext): void {
    this.#options.events.emit({
      kind: eventKinds.restoreFailed,
      subject: 'site',
      severity: context.signal.aborted ? 'notice' : 'error',
      message: `${what.charAt(0).toUpperCase()}${what.slice(1)} did not happen: ${sentenceOf(error)}`,
      cause: context.cause,
      operation: context.operation,
    })
  }

  attempted(kind: ScheduledKind): void {
    this.#attempts.set(kind, this.#options.clock.wall())
  }

  /** When a snapshot of this kind was last tried in this run of the console; 0 if never. */
  lastAttempt(kind: ScheduledKind): number {
    return this.#attempts.get(kind) ?? 0
  }

  #hold(id: string, holds: boolean, raise: () => void, cause: Cause): void {
    if (holds) raise()
    else this.#options.attention.clear(id, cause)
  }
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
