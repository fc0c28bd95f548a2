import type { EnvironmentName } from '#shared/environment.ts'

/** What an environment changes about the console. The one place where that is said; docs/launcher.md has the same table in words. */
export interface EnvironmentRules {
  /** The lowest level that is logged. */
  readonly log: 'debug' | 'info'
  /** Whether the window has developer tools, with their menu entry and the requests that they make. */
  readonly developerTools: boolean
  /** Whether an answer to an unforeseen failure carries the stack. The log has it always. */
  readonly stacks: boolean
  /**
   * By what the console's own patience with its clients (greeting, headers, requests, pings) is multiplied: a page that stands at a
   * breakpoint is not gone.
   */
  readonly patience: number
  /** By what the times of site.yaml between two looks or two tries are divided. */
  readonly pace: number
  /** Whether the site itself is worked on, or a copy that is removed afterwards. */
  readonly data: 'real' | 'throw-away'
}

/** Mission row B1. The profile of site.yaml with the environment's name is merged over it where there is one. */
export const environments: Readonly<Record<EnvironmentName, EnvironmentRules>> = {
  development: { log: 'debug', developerTools: true, stacks: true, patience: 20, pace: 1, data: 'real' },
  production: { log: 'info', developerTools: false, stacks: false, patience: 1, pace: 1, data: 'real' },
  testing: { log: 'debug', developerTools: false, stacks: true, patience: 1, pace: 10, data: 'throw-away' },
}

/** The environment of a start that names none: an installed app is in production, a checkout in development. */
export function usualEnvironment(installed: boolean): EnvironmentName {
  return installed ? 'production' : 'development'
}
