export { type ConnectionOptions, serveConnection } from './connection.ts'
export type { ConsoleControl } from './context.ts'
export type { ServerTransport } from './transport.ts'
