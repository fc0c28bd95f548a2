import { parseDuration } from '#core/config/index.ts'
import type { MaintenanceView } from '#shared/contract/maintenance.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import { counted, moment } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse maintenance on --for 2h --reason TEXT`. Also without a running console: it is on when one starts. */
export async function maintenanceOn(
  context: CommandContext,
  { length, reason }: { readonly length: string; readonly reason: string },
): Promise<number> {
  const forMs = parseDuration(length)
  if (forMs === undefined || forMs < 60_000 || forMs > 7 * 86_400_000) {
    throw new ConsoleError(
      'maintenance-length',
      `Maintenance cannot last "${length}": it lasts from a minute to a week.`,
      'Give a length such as --for 30m, 2h or 1d.',
    )
  }
  await using reached = await context.reach('any')
  const { until } = await reached.connection.calls.maintenance.on({ forMs, reason })
  const { zone } = await viewOf(reached)
  show(context, { until }, `Maintenance is on until ${moment(until, zone)}.`)
  return exitCodes.done
}

/** `wheelhouse maintenance off`. */
export async function maintenanceOff(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.maintenance.off()
  const { view } = await viewOf(reached)
  show(context, { last: view?.last ?? null }, `Maintenance is over. ${view?.last?.sentence ?? ''}`.trimEnd())
  return exitCodes.done
}

/** `wheelhouse maintenance [status]`. */
export async function maintenanceStatus(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { view, zone } = await viewOf(reached)
  show(context, { maintenance: view }, maintenanceText(view, zone))
  return exitCodes.done
}

export function maintenanceText(view: MaintenanceView | null, zone: string): string {
  if (!view?.on || view.until === null) {
    return view?.last ? `Maintenance is off. The last one: ${view.last.sentence}` : 'Maintenance is off.'
  }
  const { restarts, recoveries, cards } = view.held
  return [
    `Maintenance is on until ${moment(view.until, zone)}.${view.reason === '' ? '' : ` ${view.reason}`}`,
    `Held back so far: ${counted(restarts, 'restart')}, ${counted(recoveries, 'recovery', 'recoveries')}, ${counted(cards, 'card')}.`,
  ].join('\n')
}

async function viewOf(reached: Reached): Promise<{ readonly view: MaintenanceView | null; readonly zone: string }> {
  const { maintenance, site } = await firstState(reached.connection)
  return { view: maintenance.maintenance ?? null, zone: site.site?.zone ?? 'UTC' }
}
