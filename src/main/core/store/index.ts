export { type CopyReason, copiesKept, type DatabaseCopy } from './copies.ts'
export type { BestCopy, GoodCopy } from './copy-check.ts'
export type { CheckKind, CheckResult, CopyResult, LogDamage } from './database-answer.ts'
export { checkDatabase, copyDatabase, type DatabaseToolLimits, salvageDatabase } from './database-tool.ts'
export { type Quarantined, quarantineKeptMs } from './quarantine.ts'
export { type ReplacedBy, recoveryLimit, type StandIn } from './recovery-record.ts'
export {
  isHeldByCommand,
  type LockPatience,
  readOwner,
  type SiteLock,
  type SiteOwner,
  siteOwnerSchema,
  takeSiteLock,
} from './site-lock.ts'
export { openStore, type StoreOptions } from './store.ts'
export type { CheckNote } from './store-record.ts'
export type * from './types.ts'
export type { UntoldReport, Upkeep } from './upkeep.ts'
