export { besideCardOf, handOverCardOf, unitEvents } from './event-kinds.ts'
export { openUnits, type UnitsOptions } from './open-units.ts'
export { unitsSchema } from './tables.ts'
export { noUnits, type Proof, type ServiceUnits, type Units } from './types.ts'
