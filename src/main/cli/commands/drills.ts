import type { DrillPlan, DrillRun, DrillView } from '#shared/contract/drills.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { siteNotUsed } from '../site-not-used.ts'
import { moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse drill [list]`: the drills of the site, when each is due, and what came of the last. */
export async function drillList(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { drills, site } = await firstState(reached.connection)
  const list = Object.values(drills)
  const text = drillsText(list, site.site?.zone ?? 'UTC')
  show(context, { drills: list }, list.length === 0 ? (siteNotUsed(site.site) ?? text) : text)
  return exitCodes.done
}

/** `wheelhouse drill run ID`: does one now, after it was shown what that touches. */
export async function drillRun(context: CommandContext, drill: string, options: ConsentOptions): Promise<number> {
  // Whether it comes back is for a console to watch: only a look is possible without one.
  await using reached = await context.reach(options.plan ? 'any' : 'host')
  const { drills } = reached.connection.calls
  const plan = await drills.plan({ drill })
  if (plan.refusal !== null && !options.plan) {
    throw new ConsoleError(
      'drill-not-now',
      plan.refusal,
      `\`${plan.commandLine} --plan\` shows when that has changed.`,
      {
        params: { drill },
        retryable: true,
      },
    )
  }
  const intent = { sentence: plan.sentence, text: planText(plan), document: { plan } }
  if (!(await agreed(context, intent, options))) return options.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await drills.run({ drill }))
}

/** `wheelhouse drill history [ID]`: what was measured, newest first. */
export async function drillHistory(context: CommandContext, drill: string | undefined): Promise<number> {
  await using reached = await context.reach('any')
  const { runs } = await reached.connection.calls.drills.history(drill === undefined ? {} : { drill })
  const { drills, site } = await firstState(reached.connection)
  // What was done before a drill was taken out of site.yaml is still shown.
  if (drill !== undefined && runs.length === 0 && !drills[drill]) {
    throw new ConsoleError(
      'drill-unknown',
      `This site has no drill "${drill}".`,
      siteNotUsed(site.site) ?? `It has ${Object.keys(drills).sort().join(', ') || 'none'}.`,
      { params: { drill } },
    )
  }
  show(context, { runs }, historyText(runs, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

function planText(plan: DrillPlan): string {
  return [
    plan.sentence,
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...plan.services.map(({ id, why }) => `  ${id}: ${why}`),
    plan.risk,
    plan.undo,
    ...(plan.refusal === null ? [] : [`Not now: ${plan.refusal}`]),
  ].join('\n')
}

export function drillsText(drills: readonly DrillView[], zone: string): string {
  if (drills.length === 0) return 'There are no drills: the site has no services that one could be done to.'
  const rows = drills.map(({ id, title, last, nextAt, job }) => [
    id,
    title,
    job !== null ? 'running' : (last?.state ?? 'never'),
    seconds(last?.detectMs ?? null),
    seconds(last?.recoverMs ?? null),
    last === null ? '-' : moment(last.at, zone),
    nextAt === null ? '-' : moment(nextAt, zone),
  ])
  const header = ['DRILL', 'WHAT', 'LAST', 'NOTICED', 'RECOVERED', 'AT', 'NEXT']
  return table(header, rows, ['NOTICED', 'RECOVERED'])
}

export function historyText(runs: readonly DrillRun[], zone: string): string {
  if (runs.length === 0) return 'No drill was done yet.'
  const rows = runs.map((run) => [
    moment(run.at, zone),
    run.drill,
    run.state,
    seconds(run.detectMs),
    seconds(run.recoverMs),
    String(run.restarts),
    run.verdict,
  ])
  return table(['AT', 'DRILL', 'RESULT', 'NOTICED', 'RECOVERED', 'RESTARTS', 'VERDICT'], rows, [
    'NOTICED',
    'RECOVERED',
    'RESTARTS',
  ])
}

function seconds(ms: number | null): string {
  if (ms === null) return '-'
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`
}
