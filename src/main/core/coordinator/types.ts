import type { SiteDefinition } from '#core/config/index.ts'
import type { Proof } from '#core/units/index.ts'
import type { ServiceProcesses, SignalName } from '#shared/contract/processes.ts'
import type { ServiceAction } from '#shared/contract/services.ts'
import type { Touch } from '#shared/contract/shared-schemas.ts'
import type { Cause, Health } from '#shared/vocabulary.ts'
import type { StartPath } from './critical-path.ts'

/** Starts, watches, restarts and stops the services of a site. Every method is safe in every state and idempotent. */
export interface Coordinator extends AsyncDisposable {
  /** Takes a new definition: unknown services are added, missing ones stopped, changed ones marked for restart. */
  define(definition: SiteDefinition): Promise<void>
  /**
   * Finds the services that an earlier run of the console left running and adopts or stops each, as `on-crash` says.
   * Called once, before anything is started. Resolves with what was done.
   */
  takeUp(cause: Cause): Promise<{
    readonly adopted: readonly string[]
    readonly stopped: readonly string[]
    readonly gone: readonly string[]
  }>
  /** Wants the services running (all that are enabled when none are named), with everything that they need. Resolves when each is running or has failed. */
  start(services: readonly string[] | 'all', order: Order): Promise<ServicesOutcome>
  /** Stops the services and, first, those that need them, in reverse order. */
  stop(services: readonly string[] | 'all', order: Order): Promise<ServicesOutcome>
  restart(service: string, order: Order): Promise<ServicesOutcome>
  /** Stops this service and no other; what needs it loses it. Waits for what an earlier console left of it as well. */
  stopAlone(service: string, order: Order): Promise<ServicesOutcome>
  /** Starts the service with what it needs and waits until it is ready, at most `withinMs` milliseconds. */
  prove(service: string, withinMs: number, order: Order): Promise<Proof>
  /**
   * The operation of the newest order to stop a service: who stopped it to start it again later sees whether somebody else wants it
   * stopped since. Null when there was none, or none that has an operation.
   */
  stopOrder(service: string): string | null
  /** Emergency stops since the site was opened: who stopped services to start them again later sees whether it still may. */
  readonly emergencyStops: number
  /** SIGKILL to everything at once. Resolves within two seconds. */
  emergencyStop(cause: Cause): Promise<{ readonly killed: number; readonly ms: number }>
  /**
   * From now on nothing is started again by itself, because of this ("maintenance"); orders are carried out as ever. With null
   * restarts go on, and what was held back meanwhile is started at once.
   */
  holdRestarts(why: string | null, cause: Cause): void
  /**
   * For a drill: until the result is disposed, what goes wrong with the service was done to it on purpose. `order` stands as the cause
   * of what is seen, and afterwards its restart budget and back-off are what they were. Throws for an unknown service.
   */
  excuse(service: string, order: Pick<Order, 'cause' | 'operation'>): Disposable
  /** Takes what a service says of itself. One that does not run, or is not in the site, says nothing. */
  report(service: string, health: Health, sentence: string): void
  preview(action: ServiceAction, service?: string): Touch
  /** What a start of these services goes through: the phases that any of them belongs to, in order, each with its services. */
  phasesOf(services: readonly string[] | 'all'): readonly PhasePlan[]
  /** Processes, ports and open files of a service, looked up now. */
  processes(service: string): ServiceProcesses
  /** Sends a signal to the service's own process; throws where that would end it or it does not run. */
  signal(service: string, signal: SignalName, cause: Cause): { readonly sentence: string }
  /** The services that run with something else than the definition says now. */
  outdated(): readonly string[]
  /** The services that are wanted and run now: what restore and deploy start again afterwards. */
  wanted(): readonly string[]
  /** Lets go of the children without stopping them: for a console that closes and leaves the site running. */
  release(): Promise<void>
  /** A service's log file of stdout and stderr, in reading order of age. */
  logFiles(service: string): { readonly out: string; readonly err: string }
}

export interface PhasePlan {
  readonly id: string
  readonly title: string
  readonly services: readonly string[]
}

export interface Order {
  readonly cause: Cause
  /** The operation that goes into events and the children's environment. */
  readonly operation: string | null
  readonly signal?: AbortSignal
  /** Told as each service arrives at its goal. */
  readonly onProgress?: (done: number, total: number) => void
  /** Told once of each service, when it has arrived, or with the reason why it will not. */
  readonly onSettled?: (service: string, lost: string | null) => void
}

export interface ServicesOutcome {
  readonly done: readonly string[]
  /** Services that did not get there, each with its sentence. */
  readonly failed: readonly { readonly service: string; readonly reason: string }[]
  /** Optional services that were not waited for and do not run yet. */
  readonly optional?: readonly { readonly service: string; readonly reason: string }[]
  /** Of a start: which chain of services decided how long it took. */
  readonly path?: StartPath
}

/** What the backup and deploy parts may ask of the coordinator; nothing more is passed to them. */
export type ServiceControl = Pick<Coordinator, 'start' | 'stop' | 'wanted' | 'stopOrder'>
