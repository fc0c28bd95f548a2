import type { ServerTransport } from '#core/api/index.ts'
import type { Coordinator } from '#core/coordinator/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { InitialSite } from '../console/index.ts'

/** What the headless host asks of the console that it hosts; nothing else of it is reached from here. */
export interface HostedConsole {
  readonly state: Pick<StateHub, 'slice' | 'onRevision'>
  /** The open site, as far as stopping at once acts on it. */
  readonly site: { readonly coordinator: Pick<Coordinator, 'emergencyStop'> } | null
  connect(transport: ServerTransport, options: { readonly client: 'browser'; readonly token: string }): Disposable
  /** Where the page is, for whoever finds the site taken. Never with the token. */
  announce(address: string): Promise<void>
  openInitial(initial: InitialSite): Promise<void>
  close(options: { readonly services: 'stop' | 'leave' }): Promise<void>
}
