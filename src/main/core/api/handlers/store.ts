import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const storeHandlers = {
  check: api.store.check.handler(({ input, context }) =>
    siteOf(context).storeCare.check({ ...input, cause: context.cause }),
  ),
  copy: api.store.copy.handler(({ input, context }) =>
    siteOf(context).storeCare.copy({ ...input, cause: context.cause }),
  ),
  planRecovery: api.store.planRecovery.handler(({ input, context }) =>
    siteOf(context).storeCare.planRecovery(input.database),
  ),
  recover: api.store.recover.handler(({ input, context }) =>
    siteOf(context).storeCare.recover({ ...input, cause: context.cause }),
  ),
}
