import type { BrokerClientView, DeviceView } from '#shared/contract/devices.ts'
import { awayWords } from '#shared/device-words.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { counted, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** What `wheelhouse devices` can be asked. */
export interface DevicesOptions {
  readonly state?: string
  readonly clients?: boolean
  readonly forget?: boolean
}

/** Those that need a look first. */
const order = ['silent', 'offline', 'unknown', 'never', 'online'] as const

/** `wheelhouse devices [name]`: the devices that site.yaml describes, or the MQTT clients of the embedded broker. */
export async function devices(
  context: CommandContext,
  name: string | undefined,
  { state, clients = false, forget = false }: DevicesOptions,
): Promise<number> {
  if (clients) return await clientsOf(context)
  const wanted = state === undefined ? undefined : order.find((known) => known === state)
  if (state !== undefined && wanted === undefined) {
    const remedy = `Write one of ${order.join(', ')}.`
    throw new ConsoleError('state-unknown', `No device is ever “${state}”.`, remedy)
  }
  await using reached = await context.reach('host')
  const { calls } = reached.connection
  const { site } = await firstState(reached.connection)
  const zone = site.site?.zone ?? 'UTC'
  if (forget) {
    if (name === undefined) throw new ConsoleError('name-missing', 'It is not said which device to forget.', 'Name it.')
    await calls.devices.forget({ key: name })
    show(context, { forgotten: name }, `${name} is forgotten. It is met anew when it speaks.`)
    return exitCodes.done
  }
  if (name !== undefined) {
    const one = await calls.devices.one({ key: name })
    show(context, one, deviceText(one.device, zone))
    return exitCodes.done
  }
  const { devices: all, families, away } = await calls.devices.described({})
  const found = all
    .filter((device) => wanted === undefined || device.state === wanted)
    .toSorted(
      (a, b) =>
        Number(b.troubled) - Number(a.troubled) ||
        order.indexOf(a.state) - order.indexOf(b.state) ||
        a.key.localeCompare(b.key),
    )
  const notKept = families.reduce((sum, family) => sum + family.notKept, 0)
  const lines = [
    ...away.map(({ broker, reason }) => `${awayWords(broker, families)}: ${reason}`),
    devicesText(found, families.length, zone),
    ...(notKept > 0 ? [`${counted(notKept, 'more device')} beyond the bounds of site.yaml not kept.`] : []),
  ]
  show(context, { devices: found, families, away }, lines.join('\n'))
  return exitCodes.done
}

function devicesText(found: readonly DeviceView[], families: number, zone: string): string {
  if (families === 0) return 'site.yaml describes no devices; docs/devices.md says how. --clients lists MQTT clients.'
  if (found.length === 0) return 'No device is so.'
  const rows = found.map((device) => [
    device.key,
    device.state,
    moment(device.since, zone),
    device.lastAt === null ? '-' : moment(device.lastAt, zone),
    String(device.perMinute),
    figuresOf(device),
  ])
  return table(['DEVICE', 'STATE', 'SINCE', 'LAST HEARD', 'A MINUTE', 'FIGURES'], rows, ['A MINUTE'])
}

function deviceText(device: DeviceView, zone: string): string {
  const { client } = device
  return [
    `${device.title} (${device.key}) is ${device.state} since ${moment(device.since, zone)}. ${device.reason}`,
    ...(device.broker === null ? [] : [`broker      ${device.broker}`]),
    `last heard  ${device.lastAt === null ? 'never' : moment(device.lastAt, zone)}${device.topic === '' ? '' : ` on ${device.topic}`}`,
    `messages    ${device.messages}, ${device.perMinute} a minute`,
    `figures     ${figuresOf(device) || '-'}`,
    ...(client
      ? [`client      ${client.id}, ${client.connected ? (client.address ?? 'connected') : 'not connected'}`]
      : []),
  ].join('\n')
}

function figuresOf({ figures }: DeviceView): string {
  return figures
    .map(({ name, value, unit, out }) => `${name} ${value}${unit ?? ''}${out === null ? '' : ` (${out} its limit)`}`)
    .join(', ')
}

async function clientsOf(context: CommandContext): Promise<number> {
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
