export { openStateHub, type StateHubOptions } from './state-hub.ts'
export type * from './types.ts'
