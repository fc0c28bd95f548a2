export type { CheckResult, CopyResult } from './database-answer.ts'
export { checkDatabase, copyDatabase, type DatabaseToolLimits } from './database-tool.ts'
export {
  type LockPatience,
  readOwner,
  type SiteLock,
  type SiteOwner,
  siteOwnerSchema,
  takeSiteLock,
} from './site-lock.ts'
export { openStore, type StoreOptions } from './store.ts'
export type * from './types.ts'
