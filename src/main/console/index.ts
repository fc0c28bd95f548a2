export { Console } from './console.ts'
export type { ConsolePorts, Dialogs, InitialSite } from './ports.ts'
