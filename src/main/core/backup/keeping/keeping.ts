import type { JobContext, JobOutcome, JobRequest } from '#core/jobs/index.ts'
import type { KeepingView, LeftOut, PruneFigures, RemovalPlan, RetentionPreview } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Catalogue } from '../catalogue.ts'
import { eventKinds } from '../event-kinds.ts'
import type { StoredOptions } from '../options.ts'
import type { Helper } from '../program/engine-client.ts'
import { isEmpty, type Keep, planRetention, type RetentionPlan } from '../retention.ts'
import { nextDates, type ScheduledKind, type Timetable } from '../schedule.ts'
import { nameOf, undoTarget } from '../views.ts'
import { type Deadline, deadlineOf } from './deadline.ts'
import { excludedBy } from './exclusions.ts'
import { growthOf } from './growth.ts'
import type { JudgedFacts } from './judge.ts'
import type { KeepingRecords } from './records.ts'
import { removalRefusal } from './removal.ts'
import { type Shrink, shrinksOf } from './shrink.ts'
import { pruneSentence, retentionSentence } from './words.ts'

export interface KeepingPorts {
  readonly options: StoredOptions
  readonly catalogue: Catalogue
  readonly records: KeepingRecords
  /** Starts a job in the lane of backups. */
  start(
    request: Omit<JobRequest, 'cause' | 'lane'>,
    cause: Cause,
    run: (context: JobContext) => Promise<JobOutcome>,
  ): Promise<{ job: string }>
  /** A helper that holds the repository's lock. */
  openHelper(context: JobContext, what: string): Promise<Helper>
  /** A helper without the lock, which may only read. */
  openReader(): Helper
  timetable(kind: ScheduledKind): Timetable | null
  /** When a kind was last tried in this run; 0 if never. */
  triedAt(kind: ScheduledKind): number
  refresh(): Promise<void>
}

/** How many dates of each kind are shown. */
const datesShown = 3

/** How the snapshots are kept: rules with their preview, deletion by hand, prune, and what is shown of all that. */
export class Keeping {
  readonly #ports: KeepingPorts
  #shown = ''
  #lastPrune: KeepingView['lastPrune'] = null

  constructor(ports: KeepingPorts) {
    this.#ports = ports
  }

  /** What rules make of the snapshots there are; without rules those of site.yaml, or null while that cannot be read. */
  plan(keep: Keep | null = this.#keep()): RetentionPlan | null {
    const { catalogue, options } = this.#ports
    if (!keep) return null
    return planRetention(catalogue.snapshots, keep, this.#zone(), options.clock.wall(), this.shrinks())
  }

  shrinks(): readonly Shrink[] {
    return shrinksOf(this.#ports.catalogue.snapshots, this.#ports.records.accepted)
  }

  /** Rejects with `retention-empty` when rules would keep nothing, and `site-yaml-unreadable` when there are none. */
  async preview(wanted: Keep | null): Promise<RetentionPreview> {
    const keep = wanted ?? this.#keep()
    const plan = this.plan(keep)
    if (!keep || !plan) throw withoutRules()
    assertNotEmpty(keep)
    const bytes = plan.remove.length === 0 ? 0 : await this.#weigh(plan.remove)
    const count = this.#ports.catalogue.snapshots.length
    return {
      keep,
      reasons: Object.fromEntries(plan.keep.map(({ id, why }) => [id, [...why]])),
      remove: [...plan.remove],
      held: plan.held,
      bytes,
      sentence: retentionSentence(plan, count, bytes),
    }
  }

  /**
   * Removes now what the rules in use do not keep. `expected`: what the operator saw would go; rejects with `retention-changed` when it
   * is something else by now.
   */
  async apply(expected: readonly string[] | null, cause: Cause): Promise<{ job: string }> {
    this.#ports.options.chosen.assertMain('nothing is removed')
    const plan = this.plan()
    if (!plan) throw withoutRules()
    if (expected && [...expected].sort().join() !== [...plan.remove].sort().join()) throw changedMeanwhile()
    const { site } = this.#ports.options
    const request = {
      kind: 'backup.retention',
      subject: 'backups',
      title: `Apply the rules of keeping to the snapshots of ${site.name}`,
      steps: [{ id: 'remove', title: 'Remove the snapshots that no rule keeps' }],
      commandLine: 'wheelhouse backups retention --apply',
      input: { remove: plan.remove },
      cancellable: true,
    }
    return this.#ports.start(request, cause, (context) => this.#removing(context, 'the rules of keeping', plan.remove))
  }

  async planPrune(): Promise<PruneFigures> {
    await using helper = this.#ports.openReader()
    return await helper.ask('prune', { dryRun: true, now: this.#ports.options.clock.wall() })
  }

  /** Frees what no snapshot needs. Rejects with `job-busy` while a backup, restore or undo runs. */
  async prune(cause: Cause): Promise<{ job: string }> {
    this.#ports.options.chosen.assertMain('nothing is removed')
    const request = {
      kind: 'backup.prune',
      subject: 'backups',
      title: 'Prune the backups',
      steps: [{ id: 'prune', title: 'Free what no snapshot needs' }],
      commandLine: 'wheelhouse backups prune',
      input: {},
      cancellable: true,
    }
    return this.#ports.start(request, cause, async (context) => {
      await using helper = await this.#ports.openHelper(context, 'a prune')
      const figures = await context.step('prune', () =>
        helper.ask('prune', { dryRun: false, now: this.#ports.options.clock.wall() }),
      )
      const message = this.pruned(figures, context)
      await this.#ports.refresh()
      return { message, data: { ...figures } }
    })
  }

  /** Tells what a prune did, and remembers it for the screen. Returns the sentence. */
  pruned(figures: PruneFigures, context: JobContext): string {
    const { events, clock } = this.#ports.options
    const message = pruneSentence(figures)
    for (const note of figures.notes) context.log(note)
    this.#lastPrune = { at: clock.wall(), sentence: message }
    events.emit({
      kind: eventKinds.pruned,
      subject: 'backups',
      severity: figures.gaveUpReserve ? 'warning' : 'info',
      message,
      cause: context.cause,
      operation: context.operation,
      data: { ...figures },
    })
    return message
  }

  /** Remembers how large the repository is now, for the trend. */
  measured(): void {
    const { bytes } = this.#ports.catalogue.view()
    if (bytes !== null) this.#ports.records.noteSize(bytes)
  }

  /** Tells that snapshots were removed. Returns the sentence. */
  removed(snapshots: readonly string[], context: JobContext): string {
    const count = snapshots.length === 1 ? '1 snapshot was' : `${snapshots.length} snapshots were`
    const message = `${count} removed. What only they needed is freed by the prunes after a day.`
    this.#ports.options.events.emit({
      kind: eventKinds.deleted,
      subject: snapshots.length === 1 ? `snapshot:${snapshots[0]}` : 'backups',
      severity: 'notice',
      message,
      cause: context.cause,
      operation: context.operation,
      data: { snapshots },
    })
    return message
  }

  /** What deleting a snapshot by hand means. Rejects with `snapshot-unknown`. */
  async planRemoval(id: string): Promise<RemovalPlan> {
    const { catalogue, options } = this.#ports
    const snapshot = catalogue.choose(id)
    const refused = removalRefusal(snapshot, catalogue.snapshots)
    const bytes = refused === null ? await this.#weigh([id]) : null
    const name = nameOf(snapshot, options.site.zone)
    const freed =
      bytes === null ? '' : ` ${sizeInWords(bytes)} that nothing else needs are freed by the prunes after a day.`
    return {
      snapshot: id,
      sentence: refused ?? `Delete ${name}: it cannot be brought back.${freed}`,
      bytes,
      refused,
      warnings: [
        ...(undoTarget(catalogue.snapshots)?.id === id
          ? ['Undo goes back to it: without it the last restore cannot be undone.']
          : []),
        ...(catalogue.snapshots.filter(({ kind }) => kind === snapshot.kind).length === 1
          ? [`It is the only ${snapshot.kind} snapshot.`]
          : []),
      ],
      commandLine: `wheelhouse backups delete ${id}`,
    }
  }

  /** Deletes one snapshot. Rejects with `snapshot-kept` and the reason for the last verified one and for pinned ones. */
  async remove(id: string, cause: Cause): Promise<{ job: string }> {
    this.#ports.options.chosen.assertMain('nothing is removed')
    const { catalogue, options } = this.#ports
    const snapshot = catalogue.choose(id)
    const refused = removalRefusal(snapshot, catalogue.snapshots)
    if (refused !== null) {
      throw new ConsoleError('snapshot-kept', refused, 'Choose another one, or take a new backup first.', {
        params: { snapshot: id },
      })
    }
    const request = {
      kind: 'backup.delete',
      subject: `snapshot:${id}`,
      title: `Delete ${nameOf(snapshot, options.site.zone)}`,
      steps: [{ id: 'remove', title: 'Remove the snapshot' }],
      commandLine: `wheelhouse backups delete ${id}`,
      input: { snapshot: id },
      cancellable: true,
    }
    return this.#ports.start(request, cause, (context) => this.#removing(context, `the deletion of ${id}`, [id]))
  }

  /** Rejects with `shrink-unknown` when the site did not shrink with this snapshot. */
  async acceptShrink(snapshot: string, cause: Cause): Promise<void> {
    const shrink = this.shrinks().find(({ from }) => from === snapshot)
    if (!shrink) {
      throw new ConsoleError(
        'shrink-unknown',
        `The site is not told to be smaller since ${snapshot}: that was answered, or it has grown back.`,
        'Look at Backups for what is told now.',
        { params: { snapshot } },
      )
    }
    await this.#ports.records.acceptShrink(snapshot)
    this.#ports.options.events.emit({
      kind: eventKinds.shrinkAccepted,
      subject: `snapshot:${snapshot}`,
      severity: 'notice',
      message: `That the site is ${Math.round(shrink.share * 100)} % smaller since ${snapshot} was said to be right; the large snapshots before it are kept by the rules alone.`,
      cause,
    })
    await this.#ports.refresh()
  }

  /** What a backup of this kind leaves out by the rules of site.yaml, and how large it is. */
  async leftOut(kind: ScheduledKind): Promise<LeftOut> {
    await using helper = this.#ports.openReader()
    return await helper.ask('survey', {
      scope: kind === 'full' ? 'site' : 'data',
      ...excludedBy(this.#ports.options.definition()?.backup),
    })
  }

  deadline(): Deadline | null {
    const { catalogue, options } = this.#ports
    const definition = options.definition()
    const goodAt = catalogue.view().lastAt
    if (!definition || goodAt === null || definition.parts.backups === false) return null
    const crons = Object.values(definition.backup.schedule).filter((cron) => cron !== null)
    return deadlineOf({ goodAt, alertAfterMs: definition.backup.alertAfterMs, crons, zone: definition.zone })
  }

  /** What is judged by {@link judgeKeeping}. `openedAt`, `now`: wall-clock milliseconds. */
  facts(now: number, openedAt: number, cause: Cause): JudgedFacts {
    const { catalogue, options, records } = this.#ports
    const { bytes, freeBytes } = catalogue.view()
    return {
      now,
      openedAt,
      snapshots: catalogue.snapshots,
      deadline: this.deadline(),
      paused: options.paused?.() ?? null,
      shrinks: this.shrinks(),
      growth: growthOf(records.sizes, freeBytes, now),
      bytes,
      freeBytes,
      folder: options.folder,
      zone: this.#zone(),
      cause,
    }
  }

  /** Shows what there is now, where that has changed. */
  publish(): void {
    const view = this.#view()
    const text = JSON.stringify(view)
    if (text === this.#shown) return
    this.#shown = text
    this.#ports.options.state.slice('keeping').set('keeping', view)
  }

  #view(): KeepingView {
    const { options, records, catalogue, timetable, triedAt } = this.#ports
    const now = options.clock.wall()
    const plan = this.plan()
    const deadline = this.deadline()
    const growth = growthOf(records.sizes, catalogue.view().freeBytes, now)
    return {
      keep: this.#keep(),
      reasons: Object.fromEntries((plan?.keep ?? []).map(({ id, why }) => [id, [...why]])),
      remove: [...(plan?.remove ?? [])],
      held: plan?.held ?? null,
      schedule: (['full', 'data'] as const).flatMap((kind) => {
        const table = timetable(kind)
        return table === null
          ? []
          : [{ kind, cron: table.cron, next: [...nextDates(table, now, datesShown)], triedAt: triedAt(kind) || null }]
      }),
      paused: options.paused?.() ?? null,
      alertAt: deadline?.at ?? null,
      alertBy: deadline?.by ?? null,
      // To the day: a forecast that moves every minute would only be noise.
      growth: {
        points: records.sizes.slice(-60).map(({ at, bytes }) => ({ at, bytes })),
        bytesPerDay: growth.bytesPerDay,
        fullAt: growth.fullAt === null ? null : Math.round(growth.fullAt / 86_400_000) * 86_400_000,
      },
      reserve: catalogue.reserve,
      lastPrune: this.#lastPrune,
    }
  }

  async #removing(context: JobContext, what: string, remove: readonly string[]): Promise<JobOutcome> {
    await using helper = await this.#ports.openHelper(context, what)
    await context.step('remove', () => helper.ask('forget', { snapshots: [...remove], prune: false }))
    const message = this.removed(remove, context)
    await this.#ports.refresh()
    return { message, data: { snapshots: remove } }
  }

  /** Bytes that only these snapshots need; null when a snapshot cannot be read, so that nobody knows. */
  async #weigh(snapshots: readonly string[]): Promise<number | null> {
    await using helper = this.#ports.openReader()
    const { bytes } = await helper.ask('weigh', { snapshots: [...snapshots] })
    return bytes
  }

  #keep(): Keep | null {
    return this.#ports.options.definition()?.backup.keep ?? null
  }

  #zone(): string {
    return this.#ports.options.definition()?.zone ?? this.#ports.options.site.zone
  }
}

function assertNotEmpty(keep: Keep): void {
  if (!isEmpty(keep)) return
  throw new ConsoleError(
    'retention-empty',
    'These rules would keep no snapshot at all, so they are not taken.',
    'Keep at least one: the last one, or one of a day.',
  )
}

function withoutRules(): ConsoleError {
  return new ConsoleError(
    'site-yaml-unreadable',
    'The rules of keeping are not known because site.yaml cannot be read; nothing is removed.',
    'Correct site.yaml, then look again.',
  )
}

function changedMeanwhile(): ConsoleError {
  return new ConsoleError(
    'retention-changed',
    'What the rules would remove is not what was shown any more, so nothing was removed.',
    'Look at it again, then decide.',
    { retryable: true },
  )
}
