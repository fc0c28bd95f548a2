export { drillEvents } from './event-kinds.ts'
export { type DrillsParts, openDrills } from './open-drills.ts'
export { drillsSchema } from './tables.ts'
export type * from './types.ts'
