import type { ChosenSnapshot, SnapshotSource } from '#core/backup/index.ts'
import type { RehearsalDefinition } from '#core/config/index.ts'
import type { JobContext, JobOutcome } from '#core/jobs/index.ts'
import type { Clock, CrashPoints, Logger, Prefix, Runtime } from '#core/platform/index.ts'
import type { RehearsalRun } from '#shared/contract/rehearsals.ts'
import { durationInWords } from '#shared/duration-words.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Checked, Hello } from './messages.ts'
import { sandboxPlaces } from './sandbox-definition.ts'
import { SandboxProcess } from './sandbox-process.ts'
import type { Sandboxes } from './sandboxes.ts'
import { saysNothingOfSnapshot, verdictOf } from './verdict.ts'

export const rehearsalSteps = [
  { id: 'prepare', title: 'Make a sandbox' },
  { id: 'restore', title: 'Restore the snapshot into it and read it back' },
  { id: 'start', title: 'Start the services there, on other ports' },
  { id: 'check', title: 'See that they are healthy, and make the list of checks' },
  { id: 'stop', title: 'Stop them' },
  { id: 'remove', title: 'Remove the sandbox' },
] as const

export interface RunParts {
  readonly source: SnapshotSource
  readonly sandboxes: Sandboxes
  readonly live: Omit<Hello['live'], 'ports'>
  /** Ports of the live site. */
  readonly ports: () => readonly number[]
  readonly limits: RehearsalDefinition
  readonly runtime: Runtime
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  /** What begins a program in a network of its own; null where that is not possible. */
  readonly apart: () => Promise<Prefix | null>
  /** Emergency stops so far: one ends the rehearsal as well. */
  readonly emergencyStops: () => number
  /** Told whenever more is known, and once with what came of it. */
  readonly onChanged: (run: RehearsalRun) => Promise<void>
}

export interface RunRequest {
  readonly chosen: ChosenSnapshot
  /** The restored files stay until the next rehearsal. */
  readonly keep: boolean
}

const lookEveryMs = 500

/** One rehearsal, from the sandbox that is made to the one that is removed. */
export class OneRehearsal {
  readonly #parts: RunParts
  readonly #request: RunRequest
  readonly #job: JobContext
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  #run: RehearsalRun

  constructor(parts: RunParts, request: RunRequest, job: JobContext, run: RehearsalRun) {
    this.#parts = parts
    this.#request = request
    this.#job = job
    this.#run = run
    this.#signal = AbortSignal.any([job.signal, this.#ending.signal])
  }

  /** Resolves when the snapshot was proven, wholly or partly; rejects with why not. Leaves nothing behind either way. */
  async conduct(): Promise<JobOutcome> {
    const { clock, limits } = this.#parts
    const stopsBefore = this.#parts.emergencyStops()
    using _late = clock.after(limits.withinMs, () => this.#ending.abort(late(limits.withinMs)))
    let watching: Disposable | undefined
    const watch = () => {
      if (this.#parts.emergencyStops() > stopsBefore) this.#ending.abort(stopped())
      watching = clock.after(lookEveryMs, watch)
    }
    watch()
    try {
      return await this.#tried()
    } catch (error) {
      // A late one and an emergency stop come as whatever they cut off.
      const why = this.#ending.signal.aborted && !this.#job.signal.aborted ? this.#ending.signal.reason : error
      await this.#ended(why)
      throw why
    } finally {
      watching?.[Symbol.dispose]()
    }
  }

  async #tried(): Promise<JobOutcome> {
    const { sandboxes, clock } = this.#parts
    const { chosen, keep } = this.#request
    const folder = await this.#job.step('prepare', async () => {
      for (const left of await sandboxes.left()) await sandboxes.remove(left)
      return await sandboxes.make(this.#job.id)
    })
    let kept = false
    try {
      const begunAt = clock.monotonic()
      this.#parts.crashPoints.reach('rehearsal.before-restore')
      const written = await this.#job.step('restore', () => this.#restore(folder))
      const restoreMs = clock.monotonic() - begunAt
      await this.#change({ ...written, restoreMs })
      const checked = await this.#startAndCheck(folder, restoreMs)
      const totalMs = checked.healthyMs === null ? null : restoreMs + checked.healthyMs
      const verdict = verdictOf(checked, totalMs)
      kept = keep
      await this.#end({
        ...verdict,
        reasons: [...verdict.reasons],
        state: 'completed',
        totalMs,
        ...(keep && { kept: folder }),
      })
      if (verdict.verdict === 'failed') throw failed(chosen, verdict.sentence)
      return {
        message: `${verdict.sentence} That was ${chosen.name}.`,
        data: { snapshot: chosen.id, verdict: verdict.verdict, totalMs },
      }
    } finally {
      await this.#tidy(folder, kept)
    }
  }

  async #restore(folder: string): Promise<{ readonly files: number; readonly bytes: number }> {
    const { source, limits } = this.#parts
    const { chosen } = this.#request
    return await source.extract(
      { snapshot: chosen.id, code: chosen.code?.id ?? null, to: sandboxPlaces(folder).site, most: limits.most },
      { signal: this.#signal, progress: (done, total, unit) => this.#job.progress(done, total, unit) },
    )
  }

  async #startAndCheck(folder: string, restoreMs: number): Promise<Checked> {
    const { runtime, live, ports, limits, logger, sandboxes, apart, crashPoints } = this.#parts
    const network = await apart()
    await this.#change({ apart: network === null ? 'ports' : 'network' })
    await using sandbox = new SandboxProcess({
      runtime,
      apart: network,
      mark: sandboxes.markOf(folder),
      hello: { folder, live: { ...live, ports: [...ports()] }, healthyWithinMs: limits.healthyWithinMs },
      logger,
      onProgress: (done, total) => this.#job.progress(done, total, 'services'),
      signal: this.#signal,
    })
    const { ms } = await this.#job.step('start', async () => {
      const planned = await sandbox.planned()
      await this.#change({ notes: planned.notes })
      for (const { title, left } of planned.services) if (left !== null) this.#job.log(`${title} is left out: ${left}.`)
      for (const note of planned.notes) this.#job.log(note)
      return await sandbox.started()
    })
    crashPoints.reach('rehearsal.after-start')
    await this.#change({ startMs: ms })
    const checked = await this.#job.step('check', async () => {
      const found = await sandbox.checked()
      for (const { title, result, sentence, log } of found.services) {
        this.#job.log(`${title}: ${result}. ${sentence}`)
        for (const line of log) this.#job.log(`  ${line}`)
      }
      return found
    })
    const { healthyMs, services, checks } = checked
    await this.#change({ healthyMs, services, checks, totalMs: healthyMs === null ? null : restoreMs + healthyMs })
    await this.#job.step('stop', () => sandbox.stop())
    return checked
  }

  /** Nothing may stay: what runs there is ended and the folder removed, also after a cancel. What cannot be removed now is at the next start. */
  async #tidy(folder: string, kept: boolean): Promise<void> {
    const { sandboxes, logger } = this.#parts
    const tidy = () => (kept ? sandboxes.end(folder) : sandboxes.remove(folder))
    try {
      await (this.#job.signal.aborted ? tidy() : this.#job.step('remove', async () => void (await tidy())))
    } catch (error) {
      logger.warn('A sandbox could not be removed; it is tried again when the site is opened.', {
        folder,
        error: String(error),
      })
    }
  }

  async #ended(error: unknown): Promise<void> {
    if (this.#run.state !== 'running') return // The verdict is in already.
    const code = error instanceof ConsoleError ? error.problem.code : null
    const why = error instanceof Error ? error.message : String(error)
    if (this.#job.signal.aborted) return await this.#end({ state: 'cancelled', sentence: why })
    if (saysNothingOfSnapshot(code)) return await this.#end({ state: 'not made', sentence: why, reasons: [why] })
    await this.#end({ state: 'completed', verdict: 'failed', sentence: why, reasons: [why] })
  }

  async #end(more: Partial<RehearsalRun>): Promise<void> {
    await this.#change({ ...more, endedAt: this.#parts.clock.wall() })
  }

  async #change(more: Partial<RehearsalRun>): Promise<void> {
    this.#run = { ...this.#run, ...more }
    await this.#parts.onChanged(this.#run)
  }
}

function failed({ name }: ChosenSnapshot, sentence: string): ConsoleError {
  return new ConsoleError(
    'rehearsal-failed',
    `The rehearsal of ${name} failed. ${sentence}`,
    'Look at its reasons on Backups; put right what they name, back up, and rehearse again.',
  )
}

function late(withinMs: number): ConsoleError {
  return new ConsoleError(
    'rehearsal-late',
    `The rehearsal took longer than ${durationInWords(withinMs)} and was ended.`,
    'See which step took so long; allow more time in site.yaml (backup.sandbox.within) if that is right.',
  )
}

function stopped(): ConsoleError {
  return new ConsoleError(
    'rehearsal-stopped',
    'The rehearsal was ended by the emergency stop.',
    'Rehearse again when the site is well.',
    { retryable: true },
  )
}
