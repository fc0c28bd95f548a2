import type { KeepingView, KeepRules, LeftOut, PruneFigures, RetentionPreview } from '#shared/contract/keeping-views.ts'
import type { SnapshotView } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

export interface RetentionOptions {
  readonly keep?: KeepRules
  readonly save?: boolean
  readonly apply?: boolean
}

/** `wheelhouse backups schedule`. */
export async function schedule(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { site, keeping } = await firstState(reached.connection)
  const view = keeping.keeping
  if (!view) {
    context.terminal.err('Nothing is known of the backups of this site.')
    return exitCodes.failed
  }
  show(context, { ...view }, scheduleText(view, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse backups retention [--keep RULES] [--save|--apply]`: a preview unless told otherwise. */
export async function retention(
  context: CommandContext,
  options: RetentionOptions,
  consent: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { keeping, backups } = reached.connection.calls
  if (options.apply && options.keep) {
    context.terminal.err('Only the rules in use can be applied. Save the new ones first (--save), then apply them.')
    return exitCodes.refused
  }
  const preview = await keeping.preview({ keep: options.keep ?? null })
  const [{ snapshots }, { site }] = [await backups.snapshots(), await firstState(reached.connection)]
  const text = retentionText(preview, snapshots, site.site?.zone ?? 'UTC')
  const doc = { preview }
  if (options.save && options.keep) {
    if (
      !(await agreed(
        context,
        { sentence: `The rules of site.yaml are changed. ${preview.sentence}`, text, document: doc },
        consent,
      ))
    )
      return consent.plan ? exitCodes.done : exitCodes.refused
    await keeping.save({ keep: options.keep })
    show(
      context,
      { saved: options.keep },
      'The rules are in site.yaml and in use. The next scheduled backup applies them.',
    )
    return exitCodes.done
  }
  if (!options.apply || preview.remove.length === 0) {
    show(context, doc, text)
    return exitCodes.done
  }
  if (!(await agreed(context, { sentence: preview.sentence, text, document: doc }, consent)))
    return consent.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await keeping.apply({ remove: preview.remove }))
}

/** `wheelhouse backups prune [--dry-run]`. */
export async function prune(context: CommandContext, dryRun: boolean): Promise<number> {
  await using reached = await context.reach('any')
  const { keeping } = reached.connection.calls
  if (!dryRun) return await runJob(context, reached, await keeping.prune())
  const figures = await keeping.planPrune()
  const { site } = await firstState(reached.connection)
  show(context, { figures }, pruneText(figures, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse backups delete SNAPSHOT`. */
export async function deleteSnapshot(
  context: CommandContext,
  snapshot: string,
  consent: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { keeping } = reached.connection.calls
  const plan = await keeping.planRemoval({ snapshot })
  const text = [plan.sentence, ...plan.warnings.map((warning) => `Warning: ${warning}`)].join('\n')
  if (plan.refused !== null) {
    context.terminal.err(text)
    return exitCodes.refused
  }
  if (!(await agreed(context, { sentence: plan.sentence, text, document: { plan } }, consent)))
    return consent.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await keeping.remove({ snapshot }))
}

/** `wheelhouse backups pin|unpin SNAPSHOT`. */
export async function pin(context: CommandContext, snapshot: string, pinned: boolean): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.backups.pin({ snapshot, pinned })
  show(
    context,
    { snapshot, pinned },
    pinned ? `${snapshot} is kept whatever the rules say.` : `The rules apply to ${snapshot} again.`,
  )
  return exitCodes.done
}

/** `wheelhouse backups accept-shrink SNAPSHOT`. */
export async function acceptShrink(context: CommandContext, snapshot: string): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.keeping.acceptShrink({ snapshot })
  show(context, { snapshot }, 'The site is rightly smaller: the rules of keeping apply to the large snapshots again.')
  return exitCodes.done
}

/** `wheelhouse backups excluded [--data]`. */
export async function leftOut(context: CommandContext, kind: 'full' | 'data'): Promise<number> {
  await using reached = await context.reach('any')
  const found = await reached.connection.calls.keeping.leftOut({ kind })
  show(context, { leftOut: found }, leftOutText(found))
  return exitCodes.done
}

function scheduleText(view: KeepingView, zone: string): string {
  const tell = (at: number | null) => (at === null ? '–' : moment(at, zone))
  const rows = view.schedule.map(({ kind, cron, next, triedAt }) => [
    kind,
    cron,
    ...[0, 1, 2].map((nth) => tell(next[nth] ?? null)),
    tell(triedAt),
  ])
  const { bytesPerDay, fullAt } = view.growth
  return [
    rows.length === 0
      ? 'Nothing is scheduled. Write `full: "0 3 * * *"` below `backup:` in site.yaml.'
      : table(['KIND', 'SCHEDULE', 'NEXT', 'THEN', 'THEN', 'TRIED'], rows),
    ...(view.paused === null ? [] : [`Scheduled backups wait: ${view.paused}.`]),
    ...(view.alertAt === null ? [] : [`Without a good backup this is told from ${moment(view.alertAt, zone)} on.`]),
    bytesPerDay === null
      ? 'How fast the backups grow is known after four days.'
      : `The backups grow by ${bytes(bytesPerDay)} a day${fullAt === null ? '' : `; the disk is full about ${moment(fullAt, zone)}`}.`,
    ...(view.reserve === null ? [] : [`${bytes(view.reserve)} are kept in reserve.`]),
  ].join('\n')
}

function retentionText(
  { keep, reasons, remove, sentence }: RetentionPreview,
  snapshots: readonly SnapshotView[],
  zone: string,
): string {
  const rules = Object.entries(keep).map(([name, count]) => `${name} ${count}`)
  const rows = [...snapshots]
    .sort((a, b) => b.at - a.at)
    .map(({ id, at, kind }) => [
      remove.includes(id) ? 'goes' : 'stays',
      id,
      moment(at, zone),
      kind,
      remove.includes(id) ? 'no rule keeps it' : (reasons[id] ?? []).join('; '),
    ])
  return [
    `Rules: ${rules.join(', ')}.`,
    ...(rows.length === 0
      ? ['There are no snapshots yet.']
      : [table(['', 'SNAPSHOT', 'TAKEN', 'KIND', 'WHY'], rows), sentence]),
  ].join('\n')
}

function pruneText({ packs, bytes: size, rewritten, saved, waiting, notes }: PruneFigures, zone: string): string {
  const later =
    waiting.until === null
      ? 'they are too small a share of their packs'
      : `the first of it from ${moment(waiting.until, zone)} on`
  return [
    `A prune now frees ${bytes(size + saved)}: ${counted(packs, 'pack')} removed, ${counted(rewritten, 'pack')} written anew without waste.`,
    ...(waiting.bytes > 0 ? [`${bytes(waiting.bytes)} more are not needed and stay for now: ${later}.`] : []),
    ...notes,
  ].join('\n')
}

function leftOutText({ files, bytes: size, entries, hidden, taken }: LeftOut): string {
  const line = `Left out: ${counted(files, 'file')}, ${bytes(size)}. Backed up: ${counted(taken.files, 'file')}, ${bytes(taken.bytes)}.`
  if (entries.length === 0) return line
  return [
    table(
      ['SIZE', 'FILES', 'PATH', 'RULE'],
      entries.map((entry) => [bytes(entry.bytes), String(entry.files), entry.path, entry.rule]),
      ['SIZE', 'FILES'],
    ),
    ...(hidden > 0 ? [`and ${counted(hidden, 'smaller entry', 'smaller entries')}`] : []),
    line,
  ].join('\n')
}
