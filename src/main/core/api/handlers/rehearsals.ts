import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const rehearsalsHandlers = {
  run: api.rehearsals.run.handler(({ input, context }) =>
    siteOf(context).rehearsals.run({ ...input, cause: context.cause }),
  ),
  history: api.rehearsals.history.handler(({ context }) => ({ runs: [...siteOf(context).rehearsals.history()] })),
}
