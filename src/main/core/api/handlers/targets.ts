import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const targetsHandlers = {
  list: api.targets.list.handler(async ({ context }) => ({ targets: [...(await siteOf(context).backups.targets())] })),
  copy: api.targets.copy.handler(({ input, context }) =>
    siteOf(context).backups.copy({ ...input, cause: context.cause }),
  ),
  use: api.targets.use.handler(async ({ input, context }) => {
    await siteOf(context).backups.useCopy(input.copy)
    return {}
  }),
}
