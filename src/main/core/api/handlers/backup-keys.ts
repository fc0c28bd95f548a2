import { siteOf } from '../context.ts'
import { api } from './implement.ts'

export const backupKeysHandlers = {
  unlock: api.backupKeys.unlock.handler(({ input, context }) =>
    siteOf(context).backups.encryption.unlock({ ...input, cause: context.cause }),
  ),
  list: api.backupKeys.list.handler(async ({ context }) => ({
    keys: [...(await siteOf(context).backups.encryption.keys())],
  })),
  add: api.backupKeys.add.handler(({ input, context }) =>
    siteOf(context).backups.encryption.add({ ...input, cause: context.cause }),
  ),
  change: api.backupKeys.change.handler(({ input, context }) =>
    siteOf(context).backups.encryption.change({ ...input, cause: context.cause }),
  ),
  remove: api.backupKeys.remove.handler(async ({ input, context }) => {
    await siteOf(context).backups.encryption.remove({ ...input, cause: context.cause })
    return {}
  }),
  kit: api.backupKeys.kit.handler(({ input, context }) =>
    siteOf(context).backups.encryption.kit({ ...input, cause: context.cause }),
  ),
  proveKit: api.backupKeys.proveKit.handler(({ input, context }) =>
    siteOf(context).backups.encryption.proveKit({ ...input, cause: context.cause }),
  ),
}
