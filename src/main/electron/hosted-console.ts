import type { ServerTransport } from '#core/api/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { JobView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { InitialSite } from '../console/index.ts'

/** What the desktop host asks of the console that it hosts; nothing else of it is reached from here. */
export interface HostedConsole {
  readonly state: Pick<StateHub, 'slice' | 'onRevision'>
  /** The open site, as far as menu and tray act on it. */
  readonly site: {
    readonly services: {
      start(services: 'all', cause: Cause): Promise<unknown>
      stop(services: 'all', cause: Cause): Promise<unknown>
    }
    readonly coordinator: { emergencyStop(cause: Cause): Promise<unknown> }
  } | null
  openInitial(initial: InitialSite): Promise<void>
  connect(transport: ServerTransport, options: { readonly client: 'window'; readonly token: null }): Disposable
  openSite(directory: string, cause: Cause): Promise<unknown>
  openSample(cause: Cause): Promise<unknown>
  runningJobs(): readonly JobView[]
  close(options: { readonly services: 'stop' | 'leave' }): Promise<void>
}
