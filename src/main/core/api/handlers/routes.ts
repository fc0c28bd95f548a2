import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const routesHandlers = {
  text: api.routes.text.handler(({ input, context }) => siteOf(context).routes.text(input.route)),
  check: api.routes.check.handler(async ({ input, context }) => ({
    problems: [...(await siteOf(context).routes.check(input.route, input.text))],
  })),
  save: api.routes.save.handler(async ({ input, context }) => {
    await siteOf(context).routes.save(input.route, input.text, input.base, context.cause)
    return {}
  }),
  dryRun: api.routes.dryRun.handler(({ input, context }) =>
    siteOf(context).routes.dryRun(input.route, input.text, input.recording ?? input.messages),
  ),
  trace: api.routes.trace.handler(({ input, context }) =>
    siteOf(context).routes.trace(input.at, input.topic, input.message),
  ),
  passport: api.routes.passport.handler(async ({ input, context }) => ({
    routes: [...(await siteOf(context).routes.passport(input.message))],
  })),
}
