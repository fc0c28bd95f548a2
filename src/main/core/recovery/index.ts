export { type FileActionParts, fileActions } from './actions/files.ts'
export {
  callOperatorAction,
  commandAction,
  type OtherActionParts,
  reconnectAction,
  restoreDatabaseAction,
} from './actions/others.ts'
export { recoverSiteAction, restartAction, restartWithDependentsAction } from './actions/services.ts'
export { checkPolicies } from './check-policies.ts'
export { recoveryEvents } from './event-kinds.ts'
export { openRecovery, type RecoveryParts } from './open-recovery.ts'
export { SetAside, type SetAsideParts } from './set-aside.ts'
export { recoverySchema } from './tables.ts'
export type * from './types.ts'
