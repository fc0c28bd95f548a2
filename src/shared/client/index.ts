export * from './connection.ts'
export { connectionLost, toConsoleError } from './errors.ts'
export { greet } from './greet.ts'
