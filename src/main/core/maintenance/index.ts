export { maintenanceEvents } from './event-kinds.ts'
export { type MaintenanceParts, openMaintenance } from './open-maintenance.ts'
export { maintenanceSchema } from './tables.ts'
export type * from './types.ts'
