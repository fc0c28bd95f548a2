import { ConsoleError } from '#shared/problem.ts'

/** The answer of a call whose part is not there yet. */
export function notBuilt(): never {
  throw new ConsoleError('not-built', 'This part of the console is not there yet.', 'Wait for a later version.')
}
