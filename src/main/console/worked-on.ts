import { loadSite } from '#core/config/index.ts'
import type { ServiceChoice } from '#core/coordinator/index.ts'
import { environments } from '#core/environment.ts'
import { atPace } from '#core/pace.ts'
import type { Logger, Processes, Runtime, UserFolders } from '#core/platform/index.ts'
import type { SitePorts } from '#core/site.ts'
import type { EnvironmentName } from '#shared/environment.ts'
import { serversLeftOut } from './outside-copy.ts'
import { copyForTesting, type ThrowAway } from './throw-away.ts'

interface WorkedOnPorts {
  readonly folders: UserFolders
  readonly runtime: Runtime
  readonly processes: Processes
  readonly logger: Logger
}

/** The folder that an open site is worked on in, as its environment says: the site's own, or that of a copy that is removed afterwards. */
export class WorkedOn {
  readonly #environment: EnvironmentName
  readonly #ports: WorkedOnPorts
  #copy: ThrowAway | null = null

  constructor(environment: EnvironmentName, ports: WorkedOnPorts) {
    this.#environment = environment
    this.#ports = ports
  }

  get isCopy(): boolean {
    return this.#copy !== null
  }

  /** The folder to open for the site in `directory`. Rejects with `testing-not-copied`. */
  async begin(directory: string): Promise<string> {
    if (environments[this.#environment].data === 'real') return directory
    const { folders, runtime, processes } = this.#ports
    this.#copy = await copyForTesting(directory, { data: folders.data, runtime, processes })
    return this.#copy.directory
  }

  /** The site that is meant when the folder that is worked on is named. */
  original(directory: string): string {
    return this.#copy?.of ?? directory
  }

  /** What of the ports of a site is another where it is a copy: what it is a copy of is trusted, and what belongs to it lies beside it. */
  sitePorts(): Partial<Pick<SitePorts, 'folders' | 'sandbox'>> {
    const copy = this.#copy
    if (!copy) return {}
    const { folders } = this.#ports
    const { pace } = environments[this.#environment]
    return {
      folders: { ...folders, data: copy.userData },
      sandbox: { of: copy.of, userData: folders.data, adapt: async (definition) => atPace(definition, pace) },
    }
  }

  /** Finds what of a definition lies outside the copy. */
  async leavesOut(): Promise<NonNullable<ServiceChoice['also']>> {
    const copy = this.#copy
    if (!copy) return () => []
    const { definition: plain } = await loadSite(copy.directory, { profile: null })
    return (graph) => (plain ? serversLeftOut(graph, plain) : [])
  }

  /** Removes the copy. What cannot be removed is told in the log, and is removed by the next start. */
  async end(): Promise<void> {
    const copy = this.#copy
    this.#copy = null
    if (!copy) return
    try {
      await copy[Symbol.asyncDispose]()
    } catch (error) {
      this.#ports.logger.warn('The copy that was worked on could not be removed; the next start removes it.', {
        folder: copy.directory,
        error: String(error),
      })
    }
  }
}
