import { z } from 'zod'

/**
 * What the operator is told when something cannot be done: data, not prose to be parsed. `message` says what happened, to
 * what and why; `remedy` what to do next. Both are full sentences for a technician.
 */
export const problemSchema = z.object({
  /** Stable, kebab-case, e.g. `service-unknown`. */
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  /** Facts behind the sentence (ids, paths, numbers), for the screen and for scripts. */
  params: z.record(z.string(), z.unknown()),
  /** Whether trying the same again later may succeed without changing anything. */
  retryable: z.boolean(),
})
export type Problem = z.infer<typeof problemSchema>

/** An error the operator may see. Everything thrown across a module's face is one of these, or a bug. */
export class ConsoleError extends Error {
  readonly problem: Problem

  constructor(
    code: string,
    message: string,
    remedy: string,
    more: { params?: Record<string, unknown>; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ConsoleError'
    this.problem = { code, message, remedy, params: more.params ?? {}, retryable: more.retryable ?? false }
  }

  /** Rebuilds the error on the other side of a wire. */
  static from(problem: Problem): ConsoleError {
    return new ConsoleError(problem.code, problem.message, problem.remedy, {
      params: problem.params,
      retryable: problem.retryable,
    })
  }
}
