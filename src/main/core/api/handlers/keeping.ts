import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const keepingHandlers = {
  preview: api.keeping.preview.handler(({ input, context }) => siteOf(context).backups.keeping.preview(input.keep)),
  apply: api.keeping.apply.handler(({ input, context }) =>
    siteOf(context).backups.keeping.apply(input.remove, context.cause),
  ),
  save: api.keeping.save.handler(async ({ input, context }) => {
    await siteOf(context).saveKeep(input.keep, context.cause)
    return {}
  }),
  planPrune: api.keeping.planPrune.handler(({ context }) => siteOf(context).backups.keeping.planPrune()),
  prune: api.keeping.prune.handler(({ context }) => siteOf(context).backups.keeping.prune(context.cause)),
  planRemoval: api.keeping.planRemoval.handler(({ input, context }) =>
    siteOf(context).backups.keeping.planRemoval(input.snapshot),
  ),
  remove: api.keeping.remove.handler(({ input, context }) =>
    siteOf(context).backups.keeping.remove(input.snapshot, context.cause),
  ),
  acceptShrink: api.keeping.acceptShrink.handler(async ({ input, context }) => {
    await siteOf(context).backups.keeping.acceptShrink(input.snapshot, context.cause)
    return {}
  }),
  leftOut: api.keeping.leftOut.handler(({ input, context }) => siteOf(context).backups.keeping.leftOut(input.kind)),
}
