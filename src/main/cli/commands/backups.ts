import type { RestorePlan } from '#shared/contract/backups.ts'
import type { Losses } from '#shared/contract/losses.ts'
import type { SnapshotView } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { readPath } from '../path-words.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { agreed, type ConsentOptions, type Intent } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse backup [--data] [--note TEXT]`. */
export async function backup(
  context: CommandContext,
  options: { readonly data: boolean; readonly note: string },
): Promise<number> {
  await using reached = await context.reach('any')
  const { backups } = reached.connection.calls
  return await runJob(
    context,
    reached,
    await backups.create({ kind: options.data ? 'data' : 'full', note: options.note }),
  )
}

/** `wheelhouse snapshots`: newest first. */
export async function snapshots(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const listed = await reached.connection.calls.backups.snapshots()
  const { site } = await firstState(reached.connection)
  const newestFirst = [...listed.snapshots].sort((a, b) => b.at - a.at)
  show(context, { snapshots: newestFirst }, snapshotsText(newestFirst, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse verify SNAPSHOT`: reads everything in it back and opens its databases. */
export async function verify(context: CommandContext, snapshot: string): Promise<number> {
  await using reached = await context.reach('any')
  return await runJob(context, reached, await reached.connection.calls.backups.verify({ snapshot }))
}

/** `wheelhouse restore [SNAPSHOT] [PATH...]`: the newest good snapshot when none is named, all of it when no path is. */
export async function restore(
  context: CommandContext,
  snapshot: string | null,
  texts: readonly string[],
  options: ConsentOptions,
): Promise<number> {
  const paths = texts.length === 0 ? null : texts.map(readPath)
  await using reached = await context.reach('any')
  const { backups } = reached.connection.calls
  const plan = await backups.plan({ snapshot, paths })
  if (isEmpty(plan)) {
    show(context, { plan }, plan.sentence)
    return exitCodes.done
  }
  const losses = await lossesOf(() => backups.losses({ snapshot: plan.snapshot, paths }))
  if (!(await agreed(context, intent(plan, losses), options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(
    context,
    reached,
    await backups.restore({ snapshot: plan.snapshot, paths, fingerprint: plan.fingerprint }),
  )
}

/** `wheelhouse undo`: back to before the last restore or undo. */
export async function undo(context: CommandContext, options: ConsentOptions): Promise<number> {
  await using reached = await context.reach('any')
  const { backups } = reached.connection.calls
  const plan = await backups.planUndo()
  const losses = isEmpty(plan) ? null : await lossesOf(() => backups.losses({ snapshot: plan.snapshot }))
  if (!(await agreed(context, intent(plan, losses), options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await backups.undo({ fingerprint: plan.fingerprint }))
}

function isEmpty({ add, change, delete: removed }: RestorePlan): boolean {
  return add + change + removed === 0
}

/** What a plan is about to do, for the operator's word. */
function intent(plan: RestorePlan, losses: Losses | null): Intent {
  const text = losses === null ? planText(plan) : `${planText(plan)}\n${lossesText(losses)}`
  return { sentence: plan.sentence, text, document: { plan, losses } }
}

/** What would be lost; that it cannot be said must not keep anybody from the rescue. */
async function lossesOf(ask: () => Promise<Losses>): Promise<Losses | null> {
  return await ask().catch(() => null)
}

function lossesText({ sentences }: Losses): string {
  return ['What you will lose:', ...sentences.map((sentence) => `  ${sentence}`)].join('\n')
}

export function planText(plan: RestorePlan): string {
  const marks = { add: '+', change: '~', delete: '-' } as const
  const entries = plan.entries.slice(0, 20)
  const hidden = plan.hidden + plan.entries.length - entries.length
  return [
    plan.sentence,
    `${plan.add} added, ${plan.change} changed, ${plan.delete} deleted; ${bytes(plan.bytes)} to write${plan.freeBytes === null ? '' : `, ${bytes(plan.freeBytes)} free`}.`,
    ...entries.map(({ path, what, bytes: size }) => `  ${marks[what]} ${path}  ${bytes(size)}`),
    ...(hidden > 0 ? [`  and ${counted(hidden, 'more entry', 'more entries')}`] : []),
    ...(plan.services.length > 0 ? [`Stopped and started again: ${plan.services.join(', ')}.`] : []),
    ...plan.stops.map(({ service, why }) => `  ${service}: ${why}`),
    ...plan.notes,
    ...plan.warnings.map((warning) => `Warning: ${warning}`),
    plan.undo,
  ].join('\n')
}

export function snapshotsText(list: readonly SnapshotView[], zone: string): string {
  if (list.length === 0) return 'There are no snapshots yet. Take one with "wheelhouse backup".'
  return table(
    ['SNAPSHOT', 'TAKEN', 'KIND', 'FILES', 'SIZE', 'ADDED', 'VERIFIED', 'REHEARSED', 'NOTE'],
    list.map((snapshot) => [
      snapshot.id,
      moment(snapshot.at, zone),
      snapshot.kind,
      String(snapshot.files),
      bytes(snapshot.bytes),
      bytes(snapshot.added),
      snapshot.verified === null ? 'no' : snapshot.verified.ok ? 'yes' : 'FAILED',
      snapshot.rehearsed === null
        ? 'no'
        : { proven: 'yes', partly: 'partly', failed: 'FAILED' }[snapshot.rehearsed.verdict],
      [snapshot.note || snapshot.before || '', snapshot.partial ? '(partial)' : '', snapshot.pinned ? '(pinned)' : '']
        .filter((part) => part !== '')
        .join(' '),
    ]),
    ['FILES', 'SIZE', 'ADDED'],
  )
}
