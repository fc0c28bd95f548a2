export { storeEventKinds } from './event-kinds.ts'
export { openStoreCare, type StoreCareOptions } from './store-care.ts'
export type * from './types.ts'
