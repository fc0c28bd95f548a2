import type { TrafficView } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse broker`: the router's connections to the site's brokers, the one that routes mean which name none first. */
export async function brokers(context: CommandContext): Promise<number> {
  await using reached = await context.reach('host')
  const { traffic, site } = await firstState(reached.connection)
  const links = traffic.traffic?.links ?? []
  show(context, { links }, linksText(links, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

function linksText(links: TrafficView['links'], zone: string): string {
  if (links.length === 0) return 'This site has no broker.'
  const rows = links.map(({ broker, address, embedded, state, since, lastError, lastErrorAt }) => [
    broker,
    embedded ? `${address} (embedded)` : address,
    state,
    moment(since, zone),
    lastError === null || lastErrorAt === null ? '-' : `${moment(lastErrorAt, zone)}: ${lastError}`,
  ])
  return table(['BROKER', 'ADDRESS', 'STATE', 'SINCE', 'LAST TROUBLE'], rows)
}
