import { siteOf } from '../context.ts'
import { api } from './implement.ts'

const { files } = api.backups

export const snapshotFilesHandlers = {
  list: files.list.handler(({ input, context, signal }) => siteOf(context).backups.files.list(input, signal)),
  changes: files.changes.handler(({ input, context, signal }) => siteOf(context).backups.files.changes(input, signal)),
  read: files.read.handler(({ input, context, signal }) => siteOf(context).backups.files.read(input, signal)),
}
