import type { Logger } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { HostedConsole } from './hosted-console.ts'

/** What menu and tray can do to the site. Progress and results show in the window, as for any other job. */
export interface SiteActions {
  startAll(): void
  stopAll(): void
  emergencyStop(): void
}

/** The actions on whatever site is open. A failure is shown by `onFailed`: a menu has no place for it. */
export function siteActions(
  console: () => HostedConsole | null,
  cause: Cause,
  logger: Logger,
  onFailed: (sentence: string, remedy: string) => void,
): SiteActions {
  const act = (what: string, run: (site: NonNullable<HostedConsole['site']>) => Promise<unknown>) => {
    const site = console()?.site
    if (!site) return
    run(site).catch((error: unknown) => {
      logger.warn(`${what} did not work.`, { error: String(error) })
      if (error instanceof ConsoleError) onFailed(error.problem.message, error.problem.remedy)
      else onFailed(`${what} did not work: ${String(error)}.`, 'Open the window and try it there.')
    })
  }
  return {
    startAll: () => act('Start all', (site) => site.services.start('all', cause)),
    stopAll: () => act('Stop all', (site) => site.services.stop('all', cause)),
    emergencyStop: () => act('Emergency stop', (site) => site.coordinator.emergencyStop(cause)),
  }
}
