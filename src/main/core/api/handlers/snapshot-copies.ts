import { siteOf } from '../context.ts'
import { api } from './implement.ts'

const { copies } = api.backups

export const snapshotCopiesHandlers = {
  suggest: copies.suggest.handler(({ input, context }) => siteOf(context).backups.copies.suggest(input)),
  into: copies.into.handler(({ input, context }) =>
    siteOf(context).backups.copies.into({ ...input, cause: context.cause }),
  ),
  export: copies.export.handler(({ input, context }) =>
    siteOf(context).backups.copies.export({ ...input, cause: context.cause }),
  ),
  import: copies.import.handler(({ input, context }) =>
    siteOf(context).backups.copies.import({ ...input, cause: context.cause }),
  ),
}
