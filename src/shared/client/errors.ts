import { ORPCError } from '@orpc/client'
import { ConsoleError, problemSchema } from '../problem.ts'

/** Whatever a call failed with, as the error that screens and the command line show. */
export function toConsoleError(error: unknown): ConsoleError {
  if (error instanceof ConsoleError) return error
  if (error instanceof ORPCError) {
    const problem = problemSchema.safeParse(error.data)
    if (problem.success) return ConsoleError.from(problem.data)
    return new ConsoleError(
      'call-failed',
      `The console could not answer: ${error.message}.`,
      'Try again; if it stays, look at the console log under Settings.',
      { params: { code: error.code }, cause: error, retryable: true },
    )
  }
  return connectionLost(error)
}

/** The connection went away while a call was under way: what it did is not known. */
export function connectionLost(cause: unknown): ConsoleError {
  return new ConsoleError(
    'connection-lost',
    'The connection to the console was lost before it answered.',
    'Wait until it is back, look at the Timeline to see whether the action happened, then try again if it did not.',
    { retryable: true, cause },
  )
}
