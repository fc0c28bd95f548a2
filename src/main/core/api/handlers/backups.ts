import { siteOf } from '../context.ts'
import { api } from './implement.ts'
import { snapshotCopiesHandlers } from './snapshot-copies.ts'
import { snapshotFilesHandlers } from './snapshot-files.ts'

export const backupsHandlers = {
  create: api.backups.create.handler(({ input, context }) =>
    siteOf(context).backups.create({ ...input, cause: context.cause }),
  ),
  snapshots: api.backups.snapshots.handler(({ context }) => ({ snapshots: [...siteOf(context).backups.snapshots()] })),
  plan: api.backups.plan.handler(({ input, context }) => siteOf(context).backups.plan(input.snapshot, input.paths)),
  losses: api.backups.losses.handler(({ input, context, signal }) =>
    siteOf(context).backups.losses(input.snapshot, input.paths, signal),
  ),
  restore: api.backups.restore.handler(({ input, context }) =>
    siteOf(context).backups.restore({ ...input, cause: context.cause }),
  ),
  planUndo: api.backups.planUndo.handler(({ context }) => siteOf(context).backups.planUndo()),
  undo: api.backups.undo.handler(({ input, context }) =>
    siteOf(context).backups.undo({ ...input, cause: context.cause }),
  ),
  verify: api.backups.verify.handler(({ input, context }) =>
    siteOf(context).backups.verify({ ...input, cause: context.cause }),
  ),
  files: snapshotFilesHandlers,
  copies: snapshotCopiesHandlers,
  pin: api.backups.pin.handler(async ({ input, context }) => {
    await siteOf(context).backups.pin(input.snapshot, input.pinned)
    return {}
  }),
}
