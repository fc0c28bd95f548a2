import { ORPCError, ValidationError } from '@orpc/contract'
import type { Logger } from '#core/platform/index.ts'
import { ConsoleError, type Problem } from '#shared/problem.ts'

/**
 * Any failure of a handler as the data that goes over the wire. What was not foreseen is logged with its stack; the answer has that only where
 * `stacks` says so, because it tells about the inside of the console.
 */
export function toProblem(error: unknown, call: string, logger: Logger, stacks = false): Problem {
  if (error instanceof ConsoleError) return error.problem
  if (error instanceof ORPCError && error.cause instanceof ValidationError) return badInput(call, error.cause)
  // A dialog was closed before its answer came: there is nobody to tell, and nothing went wrong.
  if (error instanceof Error && error.name === 'AbortError' && error.message.startsWith('Client aborted')) {
    return new ConsoleError('given-up', `${call} was given up by who asked.`, 'Ask again.', { retryable: true }).problem
  }
  logger.error(`The call ${call} failed in a way that was not foreseen.`, {
    error: error instanceof Error ? error.stack : String(error),
  })
  return new ConsoleError(
    'internal',
    `The console made a mistake of its own in ${call}: ${error instanceof Error ? error.message : String(error)}.`,
    'Nothing else was touched. Try again; if it stays, the console log has the details.',
    { retryable: true, ...(stacks && error instanceof Error && { params: { stack: error.stack } }) },
  ).problem
}

function badInput(call: string, error: ValidationError): Problem {
  const [first] = error.issues
  const path = (first?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return new ConsoleError(
    'bad-input',
    `${call} was asked with something it does not take${path ? ` in "${path}"` : ''}: ${first?.message ?? 'unknown'}.`,
    'Correct the value and try again.',
    { params: { path } },
  ).problem
}
