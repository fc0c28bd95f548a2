import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const servicesHandlers = {
  start: api.services.start.handler(({ input, context }) =>
    siteOf(context).services.start([input.service], context.cause),
  ),
  stop: api.services.stop.handler(({ input, context }) =>
    siteOf(context).services.stop([input.service], context.cause),
  ),
  restart: api.services.restart.handler(({ input, context }) =>
    siteOf(context).services.restart(input.service, context.cause),
  ),
  startAll: api.services.startAll.handler(({ context }) => siteOf(context).services.start('all', context.cause)),
  stopAll: api.services.stopAll.handler(({ context }) => siteOf(context).services.stop('all', context.cause)),
  emergencyStop: api.services.emergencyStop.handler(({ context }) =>
    siteOf(context).coordinator.emergencyStop(context.cause),
  ),
  preview: api.services.preview.handler(({ input, context }) =>
    siteOf(context).coordinator.preview(input.action, input.service),
  ),
  processes: api.services.processes.handler(({ input, context }) =>
    siteOf(context).coordinator.processes(input.service),
  ),
  unit: api.services.unit.handler(({ input, context }) => siteOf(context).units.look(input.service)),
  adopt: api.services.adopt.handler(({ input, context }) => siteOf(context).units.adopt(input.service, context.cause)),
  release: api.services.release.handler(({ input, context }) =>
    siteOf(context).units.release(input.service, context.cause),
  ),
  signal: api.services.signal.handler(({ input, context }) =>
    siteOf(context).coordinator.signal(input.service, input.signal, context.cause),
  ),
  searchLog: api.services.searchLog.handler(({ input, context }) => siteOf(context).searchLog(input)),
  logs: api.services.logs.handler(async ({ input, context }) => ({
    lines: [...(await siteOf(context).logTail(input.service, input.lines))],
  })),
}
