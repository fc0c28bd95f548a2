import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const dependenciesHandlers = {
  isolate: api.dependencies.isolate.handler(async ({ input, context }) => {
    await siteOf(context).dependencies.isolate(input.dependency, context.cause)
    return {}
  }),
  reset: api.dependencies.reset.handler(async ({ input, context }) => {
    await siteOf(context).dependencies.reset(input.dependency, context.cause)
    return {}
  }),
  check: api.dependencies.check.handler(({ input, context }) => siteOf(context).dependencies.check(input.dependency)),
}
