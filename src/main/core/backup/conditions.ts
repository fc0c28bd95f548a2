import type { JobContext } from '#core/jobs/index.ts'
import { timeIn } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { backupFailed, copyFailed, noBackup, notGood, sharesDisk, unreachable } from './cards.ts'
import type { Catalogue } from './catalogue.ts'
import { eventKinds } from './event-kinds.ts'
import { backupOld, repositoryHeld } from './keeping/cards.ts'
import { type JudgedFacts, judgeKeeping } from './keeping/judge.ts'
import type { BackupsOptions } from './options.ts'
import type { ScheduledKind } from './schedule.ts'
import { isAbsence } from './targets/target-address.ts'

/** A drive may be away for so long where site.yaml says nothing (backup.alert-after). */
const awayForMs = 3 * 86_400_000

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
    // A drive that is not plugged in is no fault; only having been without a backup for long is.
    const away = isAbsence(problem)
    this.#hold(
      'backup-unreachable',
      problem !== null && !away,
      () => attention.raise(unreachable(problem?.message ?? '', cause)),
      cause,
    )
    if (problem && !away) return
    const goodAt = this.#catalogue.view().lastAt
    this.#hold('backup-none', goodAt === null, () => attention.raise(noBackup(cause)), cause)
    if (problem) {
      this.#judgeAway(now, goodAt, problem, cause)
      return
    }
    for (const [id, card] of judgeKeeping(this.#facts(now, cause))) {
      if (card === null) attention.clear(id, cause)
      else if (card !== 'undecided') attention.raise(card)
    }
    const shares = this.#catalogue.view().sharesDisk
    this.#hold('backup-shares-disk', shares, () => attention.raise(sharesDisk(folder, cause)), cause)
  }

  /** Of a drive that is not plugged in only the age of its newest backup is known. */
  #judgeAway(now: number, goodAt: number | null, problem: ConsoleError, cause: Cause): void {
    const { attention, definition, site } = this.#options
    const backup = definition()?.backup
    const scheduled = Object.values(backup?.schedule ?? {}).some((cron) => cron !== null)
    const allowed = backup?.alertAfterMs ?? (scheduled ? awayForMs : null)
    if (goodAt === null || allowed === null || now - goodAt < allowed) return
    const days = Math.floor((now - goodAt) / 86_400_000)
    const age = days < 2 ? `${Math.floor((now - goodAt) / 3_600_000)} hours` : `${days} days`
    const { remedy } = problem.problem
    const why = `The newest good snapshot is of ${timeIn(site.zone, goodAt)}. ${problem.message} ${remedy}`
    attention.raise(backupOld(age, why, cause))
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

  /** A copy could not be brought up to date, or was again. */
  copied(copy: string, problem: ConsoleError | null, cause: Cause): void {
    const { attention, events, site } = this.#options
    const id = `backup-copy-${copy}`
    if (problem === null) {
      attention.clear(id, cause)
      return
    }
    const message = `The copy ${copy} of the backups of ${site.name} could not be brought up to date: ${problem.message}`
    const { remedy } = problem.problem
    const event = events.emit({
      kind: eventKinds.copyFailed,
      subject: 'site',
      severity: 'warning',
      message,
      cause,
      data: { copy, code: problem.problem.code },
    })
    attention.raise(copyFailed(id, `${message} ${remedy}`, event.cause))
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
