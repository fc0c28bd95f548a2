import type { Site } from '#core/site.ts'
import type { StateHub } from '#core/state/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'

/** What the handlers may ask of the console around the site. Each method is one thing an operator can do. */
export interface ConsoleControl {
  readonly version: string
  readonly host: 'electron' | 'headless' | 'command line'
  readonly state: StateHub
  /** The open site, if one is open. */
  readonly site: Site | null
  /** Told when the open site changes: streams of the old one end. */
  onSiteChanged(listener: () => void): Disposable
  openSite(directory: string, cause: Cause): Promise<Site>
  openSample(cause: Cause): Promise<Site>
  resetSample(cause: Cause): Promise<Site>
  closeSite(cause: Cause): Promise<void>
  chooseFolder(): Promise<string | null>
  openFolder(what: 'site' | 'data' | 'logs' | 'release' | 'backups'): Promise<string>
  openPage(url: string): Promise<void>
}

/** What a handler is given: the console and who is asking. */
export interface ApiContext {
  readonly console: ConsoleControl
  readonly cause: Cause
}

/** The open site, or the sentence that says there is none. */
export function siteOf(context: ApiContext): Site {
  const { site } = context.console
  if (site) return site
  throw new ConsoleError('no-site', 'No site is open.', 'Open a site first: your own, or the sample.', {
    retryable: true,
  })
}
