export { deployEvents } from './event-kinds.ts'
export { openDeploys } from './open-deploys.ts'
export type * from './types.ts'
