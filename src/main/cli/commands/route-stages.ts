import type { RouteStagesView, RouteView } from '#shared/contract/state.ts'
import { microseconds, stageWords } from '#shared/stage-words.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment, printable, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { routesText, unknown } from './routes.ts'

/** `wheelhouse route ID`: its ledger, and what each stage did with the messages. */
export async function routeStages(context: CommandContext, id: string): Promise<number> {
  await using reached = await context.reach('any')
  const { routes, stages, site } = await firstState(reached.connection)
  const route = routes[id]
  if (!route) throw unknown(id)
  const view = stages[id] ?? null
  show(context, { route, stages: view }, textOf(route, view, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

function textOf(route: RouteView, view: RouteStagesView | null, zone: string): string {
  return [routesText([route]), '', ...stagesText(view, zone)].join('\n')
}

function stagesText(view: RouteStagesView | null, zone: string): readonly string[] {
  if (view === null) return ['Of its stages nothing is known: the router does not run, or has not loaded it.']
  if (view.stages.length === 0) return ['It has no stages: every message goes straight to its targets.']
  const rows = view.stages.map((stage) => [
    stageWords[stage.stage].title,
    `${stage.in}`,
    `${stage.out}`,
    `${stage.ended}`,
    `${stage.failed}`,
    `${stage.waiting}`,
    `${stage.minute.in}`,
    `${stage.minute.ended + stage.minute.failed}`,
    microseconds(stage.meanUs),
    microseconds(stage.p99Us),
  ])
  const heading = ['STAGE', 'IN', 'WENT ON', 'ENDED', 'QUARANTINE', 'WAITING', 'IN 1 MIN', 'ENDED', 'MEAN', 'P99']
  const reasons = view.stages.flatMap(({ stage, reason, client }) =>
    reason === null
      ? []
      : [
          `The newest that failed at ${stageWords[stage].title}: ${reason}${client === '' ? '' : ` (from client ${printable(client)})`}`,
        ],
  )
  return [table(heading, rows, heading.slice(1)), ...reasons, `Counted since ${moment(view.since, zone)}.`]
}
