import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const drillsHandlers = {
  plan: api.drills.plan.handler(({ input, context }) => siteOf(context).drills.plan(input.drill)),
  run: api.drills.run.handler(({ input, context }) => siteOf(context).drills.run(input.drill, context.cause)),
  history: api.drills.history.handler(({ input, context }) => ({
    runs: [...siteOf(context).drills.history(input.drill)],
  })),
}
