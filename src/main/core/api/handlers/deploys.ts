import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const deploysHandlers = {
  prepare: api.deploys.prepare.handler(({ input, context }) =>
    siteOf(context).deploys.prepare({ ...input, cause: context.cause }),
  ),
  plan: api.deploys.plan.handler(({ input, context }) => siteOf(context).deploys.plan(input.release)),
  begin: api.deploys.begin.handler(({ input, context }) =>
    siteOf(context).deploys.begin({ ...input, cause: context.cause }),
  ),
  planRollBack: api.deploys.planRollBack.handler(({ input, context }) => siteOf(context).deploys.planRollBack(input)),
  rollBack: api.deploys.rollBack.handler(({ input, context }) =>
    siteOf(context).deploys.rollBack({ ...input, cause: context.cause }),
  ),
  commit: api.deploys.commit.handler(async ({ input, context }) => {
    await siteOf(context).deploys.commit(input.deploy, context.cause)
    return {}
  }),
  settle: api.deploys.settle.handler(({ input, context }) =>
    siteOf(context).deploys.settle(input.deploy, context.cause),
  ),
  history: api.deploys.history.handler(({ context }) => ({ deploys: [...siteOf(context).deploys.history()] })),
}
