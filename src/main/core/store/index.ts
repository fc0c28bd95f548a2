export type { CheckResult, CopyResult } from './database-answer.ts'
export { checkDatabase, copyDatabase, type DatabaseToolLimits } from './database-tool.ts'
export type * from './types.ts'
