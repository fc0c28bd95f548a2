export { type EventLogOptions, openEventLog } from './event-log.ts'
export { eventsSchema } from './tables.ts'
export type * from './types.ts'
