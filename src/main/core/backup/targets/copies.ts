import type { TargetDefinition } from '#core/config/index.ts'
import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import type { Clock, Logger } from '#core/platform/index.ts'
import type { Slice } from '#core/state/index.ts'
import type { JobView, TargetView } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { copyKind } from '../job-lane.ts'
import type { Helper } from '../program/engine-client.ts'
import { areas, snapshotIdOf } from '../repository/layout.ts'
import { openStorage } from '../repository/open-storage.ts'
import { openRepository } from '../repository/repository.ts'
import type { Snapshot } from '../repository/snapshot-file.ts'
import type { ChosenTarget } from './chosen-target.ts'
import type { CopyRecords } from './copy-records.ts'
import { isAbsence, keyOf, placeOf } from './target-address.ts'

/** Looked at this often whether a drive was plugged in or a copy is behind. */
const lookEveryMs = 60_000
/** A copy that failed is tried again after so long. */
const againAfterMs = 30 * 60_000

export interface CopiesPorts {
  readonly chosen: ChosenTarget
  readonly records: CopyRecords
  readonly clock: Clock
  readonly logger: Logger
  readonly slice: Slice<TargetView>
  /** Snapshots of the repository in use, oldest first, and why it cannot be read. */
  readonly catalogue: { readonly snapshots: readonly Snapshot[]; readonly problem: ConsoleError | null }
  /** Of the site, for the title of the job. */
  readonly name: string
  start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ readonly job: string }>
  finished(job: string): Promise<Pick<JobView, 'state'>>
  /** A helper that holds the lock of the main repository. */
  openHelper(context: JobContext, what: string): Promise<Helper>
  /** A copy failed, or came out well again. */
  told(copy: string, problem: ConsoleError | null, cause: Cause): void
}

/** The copies of the backups: how far each is, and the jobs that bring them up to date. */
export class Copies implements Disposable {
  readonly #ports: CopiesPorts
  readonly #failed = new Map<string, { readonly at: number; readonly problem: ConsoleError }>()
  #views: readonly TargetView[] = []
  #timer: Disposable | undefined
  #disposed = false
  #catchingUp = false

  constructor(ports: CopiesPorts) {
    this.#ports = ports
  }

  views(): readonly TargetView[] {
    return this.#views
  }

  /** From now on copies that are behind are brought up to date as soon as their place is there. */
  begin(): void {
    if (!this.#timer) this.#wait()
  }

  /** Brings one copy up to date. Rejects with `copy-unknown`, `target-absent`, `copy-in-use`, `job-busy`. */
  async run(copy: string, cause: Cause): Promise<{ readonly job: string }> {
    const { chosen, start, name } = this.#ports
    const target = chosen.copyOf(copy)
    chosen.assertMain('it is not brought up to date')
    chosen.address(target)
    const place = placeOf(target)
    const request = {
      kind: copyKind,
      subject: 'site',
      title: `Copy the backups of ${name} to ${place}`,
      steps: [{ id: 'copy', title: 'Copy what is missing there and read it back' }],
      commandLine: `wheelhouse backups copy ${copy}`,
      input: { copy },
      cancellable: true,
    }
    return start(request, cause, (context) => this.#copy(copy, target, context))
  }

  /** Brings up to date what is behind and there, one after the other. Never rejects. */
  async catchUp(cause: Cause): Promise<void> {
    if (this.#catchingUp || this.#disposed) return
    this.#catchingUp = true
    try {
      for (const { id, state, behind } of this.#views) {
        if (id === 'main' || state === 'absent' || behind === 0 || this.#disposed) continue
        const failed = this.#failed.get(id)
        if (failed && cause.type === 'schedule' && this.#ports.clock.monotonic() - failed.at < againAfterMs) continue
        const { job } = await this.run(id, cause)
        // What cut it off goes first; the next look goes on.
        if ((await this.#ports.finished(job)).state === 'cancelled') break
      }
    } catch (error) {
      this.#ports.logger.info('A copy of the backups has to wait.', { reason: String(error) })
    } finally {
      this.#catchingUp = false
    }
  }

  /** Looks where the copies are and how far, and publishes it. Never rejects. */
  async refresh(): Promise<void> {
    const { chosen, slice } = this.#ports
    const views = [await this.#mainView()]
    for (const [id, target] of chosen.copies()) views.push(await this.#viewOf(id, target))
    if (this.#disposed) return
    this.#views = views
    const there = new Set(views.map(({ id }) => id))
    for (const id of Object.keys(slice.all())) if (!there.has(id)) slice.delete(id)
    for (const view of views) slice.set(view.id, view)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.[Symbol.dispose]()
  }

  #wait(): void {
    if (this.#disposed) return
    this.#timer = this.#ports.clock.after(lookEveryMs, () => void this.#look().finally(() => this.#wait()))
  }

  async #look(): Promise<void> {
    if (this.#ports.chosen.copies().length === 0) return
    await this.refresh()
    if (this.#ports.chosen.copy === null) await this.catchUp({ type: 'schedule', name: 'copies of the backups' })
  }

  async #copy(id: string, target: TargetDefinition, context: JobContext): Promise<JobOutcome> {
    const { chosen, records, catalogue, openHelper, told } = this.#ports
    const place = placeOf(target)
    try {
      const result = await context.step('copy', async () => {
        await using helper = await openHelper(context, `a copy to ${place}`)
        return await helper.ask('copy', { to: chosen.address(target), what: 'a copy of backups' })
      })
      await records.note(keyOf(target), {
        newestAt: catalogue.snapshots.at(-1)?.at ?? null,
        snapshots: catalogue.snapshots.length,
        weak: result.durability === 'weak',
      })
      this.#failed.delete(id)
      told(id, null, context.cause)
      const count = result.snapshots === 1 ? '1 snapshot' : `${result.snapshots} snapshots`
      const message =
        result.snapshots === 0 && result.bytes === 0
          ? `The copy in ${place} was up to date already.`
          : `${count} and ${sizeInWords(result.bytes)} were copied to ${place} and read back there.`
      return { message, data: { ...result } }
    } catch (error) {
      if (!context.signal.aborted) {
        const problem = error instanceof ConsoleError ? error : unexpected(place, error)
        this.#failed.set(id, { at: this.#ports.clock.monotonic(), problem })
        if (!isAbsence(error)) told(id, problem, context.cause)
      }
      throw error
    } finally {
      await this.refresh()
    }
  }

  async #mainView(): Promise<TargetView> {
    const { chosen, catalogue, records } = this.#ports
    const base = { ...blank('main', chosen.main), inUse: chosen.copy === null }
    if (chosen.copy !== null) return { ...base, lastAt: records.goodAt(keyOf(chosen.main)) }
    if (catalogue.problem) {
      const { message, remedy } = catalogue.problem.problem
      const state = isAbsence(catalogue.problem) ? 'absent' : 'problem'
      return { ...base, state, sentence: message, remedy, lastAt: records.goodAt(keyOf(chosen.main)) }
    }
    const { storage } = chosen
    return {
      ...base,
      state: catalogue.snapshots.length === 0 ? 'empty' : 'ready',
      snapshots: catalogue.snapshots.length,
      lastAt: catalogue.snapshots.at(-1)?.at ?? null,
      freeBytes: await storage.freeBytes(),
      weak: storage.durability() === 'weak',
    }
  }

  async #viewOf(id: string, target: TargetDefinition): Promise<TargetView> {
    const { chosen, catalogue, records } = this.#ports
    const known = records.get(keyOf(target))
    const source = chosen.copy === null && !catalogue.problem ? catalogue.snapshots : null
    const base: TargetView = {
      ...blank(id, target),
      inUse: chosen.copy === id,
      lastAt: known?.copiedAt ?? null,
      snapshots: known?.snapshots ?? null,
      weak: known?.weak ?? false,
      behind: source?.filter(({ at }) => at > (known?.newestAt ?? -1)).length ?? null,
    }
    try {
      using storage = openStorage(chosen.address(target))
      const there = (await openRepository(storage))
        ? new Set((await storage.list(areas.snapshots)).flatMap(({ key }) => snapshotIdOf(key) ?? []))
        : null
      const failed = this.#failed.get(id)
      return {
        ...base,
        state: failed ? 'problem' : there ? 'ready' : 'empty',
        sentence: failed?.problem.message ?? null,
        remedy: failed?.problem.problem.remedy ?? null,
        snapshots: there?.size ?? 0,
        behind: source?.filter((snapshot) => !there?.has(snapshot.id)).length ?? null,
        freeBytes: await storage.freeBytes(),
      }
    } catch (error) {
      const problem = error instanceof ConsoleError ? error : unexpected(placeOf(target), error)
      const state = isAbsence(problem) ? 'absent' : 'problem'
      return { ...base, state, sentence: problem.message, remedy: problem.problem.remedy }
    }
  }
}

function blank(id: string, target: TargetDefinition): TargetView {
  return {
    id,
    kind: target.kind,
    place: placeOf(target),
    state: 'ready',
    sentence: null,
    remedy: null,
    snapshots: null,
    behind: null,
    lastAt: null,
    freeBytes: null,
    weak: false,
    inUse: false,
  }
}

function unexpected(place: string, error: unknown): ConsoleError {
  return new ConsoleError(
    'copy-failed',
    `The copy in ${place} could not be brought up to date: ${error instanceof Error ? error.message : String(error)}.`,
    'Look at the log of the console for details; it is tried again.',
    { retryable: true, cause: error },
  )
}
