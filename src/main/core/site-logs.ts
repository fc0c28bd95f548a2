import type { LogPage, LogSearch } from '#shared/contract/log-search.ts'
import type { LogLine } from '#shared/contract/services.ts'
import { ConsoleError } from '#shared/problem.ts'
import { type Coordinator, followLog, LogSearches, logTail } from './coordinator/index.ts'
import type { Clock, Runtime } from './platform/index.ts'
import type { SiteConfig } from './site-config.ts'

/** What the services of a site wrote: the last of it, as it comes, and all of it searched. Every call may reject with `service-unknown`. */
export class SiteLogs implements AsyncDisposable {
  readonly #coordinator: Pick<Coordinator, 'logFiles'>
  readonly #config: Pick<SiteConfig, 'inUse'>
  readonly #clock: Clock
  readonly #searches: LogSearches

  constructor(
    coordinator: Pick<Coordinator, 'logFiles'>,
    config: Pick<SiteConfig, 'inUse'>,
    { clock, runtime }: { readonly clock: Clock; readonly runtime: Runtime },
  ) {
    this.#coordinator = coordinator
    this.#config = config
    this.#clock = clock
    this.#searches = new LogSearches(runtime)
  }

  async tail(service: string, lines: number): Promise<readonly LogLine[]> {
    return logTail(this.#filesOf(service), lines)
  }

  /** Newest first, in pages. */
  async search(request: LogSearch): Promise<LogPage> {
    return await this.#searches.search(this.#filesOf(request.service), request)
  }

  async follow(service: string, lines: number, onLines: (lines: readonly LogLine[]) => void): Promise<Disposable> {
    return followLog(this.#filesOf(service), { lines, clock: this.#clock, onLines })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#searches[Symbol.asyncDispose]()
  }

  #filesOf(service: string): { readonly out: string; readonly err: string } {
    const known = Object.keys(this.#config.inUse?.services ?? {})
    if (known.includes(service)) return this.#coordinator.logFiles(service)
    throw new ConsoleError(
      'service-unknown',
      `This site has no service "${service}".`,
      known.length > 0 ? `It has ${known.join(', ')}.` : 'Put the mistakes in site.yaml right, then reload it.',
      { params: { service } },
    )
  }
}
