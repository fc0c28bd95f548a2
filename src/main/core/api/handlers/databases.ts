import { api } from './implement.ts'
import { notBuilt } from './not-built.ts'

export const databasesHandlers = {
  check: api.databases.check.handler(notBuilt),
  copy: api.databases.copy.handler(notBuilt),
  planRecovery: api.databases.planRecovery.handler(notBuilt),
  recover: api.databases.recover.handler(notBuilt),
}
