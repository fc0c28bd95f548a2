import { api } from './implement.ts'
import { notBuilt } from './not-built.ts'

export const storeHandlers = {
  check: api.store.check.handler(notBuilt),
  copy: api.store.copy.handler(notBuilt),
  recover: api.store.recover.handler(notBuilt),
}
