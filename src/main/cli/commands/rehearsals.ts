import type { RehearsalRun, RehearsalsView } from '#shared/contract/rehearsals.ts'
import { durationInWords } from '#shared/duration-words.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse backups rehearse [SNAPSHOT] [--keep]`: the newest good snapshot when none is named. */
export async function rehearse(
  context: CommandContext,
  snapshot: string | null,
  options: { readonly keep: boolean },
): Promise<number> {
  await using reached = await context.reach('any')
  const { rehearsals } = reached.connection.calls
  const code = await runJob(context, reached, await rehearsals.run({ snapshot, keep: options.keep }))
  if (context.json) return code
  const [last] = (await rehearsals.history()).runs
  if (last) for (const line of detailsOf(last)) context.terminal.out(line)
  return code
}

/** `wheelhouse backups rehearsals`: how far the backups are proven, and by what. */
export async function rehearsals(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { runs } = await reached.connection.calls.rehearsals.history()
  const { rehearsals: slice, site } = await firstState(reached.connection)
  const view = slice.rehearsals ?? null
  show(context, { view, runs }, historyText(view, runs, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** What is worth a line of one rehearsal besides its sentence. */
export function detailsOf({ restoreMs, startMs, healthyMs, totalMs, reasons, notes, kept }: RehearsalRun): string[] {
  const took = (what: string, ms: number | null) => (ms === null ? [] : [`${what} ${durationInWords(ms)}`])
  const times = [
    ...took('restored in', restoreMs),
    ...took('started in', startMs),
    ...took('healthy after', healthyMs),
    ...took('all together', totalMs),
  ]
  return [
    ...(times.length === 0 ? [] : [`Recovery: ${times.join(', ')}.`]),
    ...reasons.map((reason) => `- ${reason}`),
    ...notes.map((note) => `Note: ${note}`),
    ...(kept === null ? [] : [`The restored files are in ${kept} until the next rehearsal.`]),
  ]
}

export function historyText(view: RehearsalsView | null, runs: readonly RehearsalRun[], zone: string): string {
  const words = { proven: 'green', verified: 'amber', failed: 'red', none: 'off' } as const
  const light = view ? `The light is ${words[view.light]}. ${view.sentence}` : ''
  const waits = view?.waiting ? ` It waits: ${view.waiting}` : ''
  const next = view?.nextAt == null ? '' : `The next is due ${moment(view.nextAt, zone)}.${waits}`
  if (runs.length === 0)
    return [light, 'Nothing was rehearsed yet. Do it with "wheelhouse backups rehearse".', next]
      .filter(Boolean)
      .join('\n')
  const rows = runs.map((run) => [
    moment(run.at, zone),
    run.snapshot,
    run.verdict ?? run.state,
    run.totalMs === null ? '-' : durationInWords(run.totalMs),
    run.sentence,
  ])
  return [light, next, table(['AT', 'SNAPSHOT', 'RESULT', 'RECOVERY', 'WHAT CAME OF IT'], rows, ['RECOVERY'])]
    .filter(Boolean)
    .join('\n')
}
