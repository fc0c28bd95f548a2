import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const maintenanceHandlers = {
  on: api.maintenance.on.handler(({ input, context }) => siteOf(context).maintenance.begin(input, context.cause)),
  off: api.maintenance.off.handler(async ({ context }) => {
    await siteOf(context).maintenance.end(context.cause)
    return {}
  }),
}
