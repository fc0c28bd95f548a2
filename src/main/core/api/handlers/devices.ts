import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const devicesHandlers = {
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
