import type { BrokerClientView } from '#shared/contract/devices.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { counted, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse devices`: the MQTT clients of the embedded broker, those that are silent for longest first. */
export async function devices(context: CommandContext): Promise<number> {
  await using reached = await context.reach('host')
  const { clients, untold } = await reached.connection.calls.devices.clients({})
  const { site } = await firstState(reached.connection)
  const silentFirst = clients.toSorted((a, b) => a.lastAt - b.lastAt)
  const text = clientsText(silentFirst, site.site?.zone ?? 'UTC')
  const more = untold > 0 ? `\n${counted(untold, 'more client')} not listed.` : ''
  show(context, { clients: silentFirst, untold }, text + more)
  return exitCodes.done
}

function clientsText(clients: readonly BrokerClientView[], zone: string): string {
  if (clients.length === 0) return 'No client is connected to the embedded broker.'
  const rows = clients.map((client) => [
    client.id,
    client.address ?? '-',
    moment(client.since, zone),
    moment(client.lastAt, zone),
    String(client.received),
    String(client.sent),
    String(client.subscriptions.length + client.moreSubscriptions),
    client.will?.topic ?? '-',
  ])
  const heading = ['CLIENT', 'ADDRESS', 'CONNECTED SINCE', 'LAST HEARD', 'FROM IT', 'TO IT', 'FILTERS', 'LAST WILL']
  return table(heading, rows, ['FROM IT', 'TO IT', 'FILTERS'])
}
