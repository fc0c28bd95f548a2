export { type CheckGrounds, checkList } from './check-list.ts'
export { openVerification, type VerificationOptions, verificationEventKinds } from './open-verification.ts'
export type * from './types.ts'
