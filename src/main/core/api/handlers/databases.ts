import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const databasesHandlers = {
  check: api.databases.check.handler(({ input, context }) =>
    siteOf(context).databases.check(input.service, context.cause),
  ),
  copy: api.databases.copy.handler(({ input, context }) =>
    siteOf(context).databases.copy(input.service, context.cause),
  ),
  planRecovery: api.databases.planRecovery.handler(({ input, context }) =>
    siteOf(context).databases.planRecovery(input.service),
  ),
  recover: api.databases.recover.handler(({ input, context }) =>
    siteOf(context).databases.recover(input.service, context.cause),
  ),
}
