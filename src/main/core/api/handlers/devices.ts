import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const devicesHandlers = {
  described: api.devices.described.handler(({ input, context }) => {
    const site = siteOf(context)
    const { families, devices, gone, away, ...rest } = site.messaging.devices.since(input.run, input.after)
    return {
      at: site.clock.wall(),
      ...rest,
      families: [...families],
      devices: [...devices],
      gone: [...gone],
      away: [...away],
    }
  }),
  one: api.devices.one.handler(async ({ input, context }) => {
    const site = siteOf(context)
    const history = await site.messaging.devices.history(input.key)
    const device = site.messaging.devices.get(input.key)
    if (!device) throw new Error('The device was forgotten meanwhile.')
    const copied = Object.entries(history).map(([name, values]) => [name, [...values]])
    return { at: site.clock.wall(), device, history: Object.fromEntries(copied) }
  }),
  forget: api.devices.forget.handler(({ input, context }) => {
    siteOf(context).messaging.devices.forget(input.key)
    return {}
  }),
  clients: api.devices.clients.handler(({ context }) => {
    const site = siteOf(context)
    const { clients, untold } = site.messaging.clientFigures()
    return {
      at: site.clock.wall(),
      clients: clients.map((client) => ({ ...client, subscriptions: [...client.subscriptions] })),
      untold,
    }
  }),
}
