import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { UnitView } from '#shared/contract/unit.ts'
import type { Cause, Health } from '#shared/vocabulary.ts'

/** Services that units of systemd run: seen, handed over to the console, and given back. */
export interface Units extends ServiceUnits, AsyncDisposable {
  /** Takes site.yaml as it is in use from now on. Changes nothing on the machine. */
  configure(definition: SiteDefinition): void
  /**
   * The definition by which the parts work: a service with a unit is `external` in it until it was adopted, whatever it is in
   * site.yaml, so that no part starts, stops or restarts what systemd runs.
   */
  held(definition: SiteDefinition): SiteDefinition
  /** Finishes or undoes, as jobs, what an earlier console did not live to. Called once the services are defined; needs no waiting for. */
  settle(cause: Cause): Promise<void>
  /** Asks systemd now; changes nothing. Rejects with `service-unknown` or `service-without-unit`. */
  look(service: string): Promise<UnitView>
  /** As a job: stops and disables the unit and lets the console run the service instead. Rejects with what keeps it from that. */
  adopt(service: string, cause: Cause): Promise<{ readonly job: string }>
  /** As a job: the reverse; the unit gets back the state that it had before. */
  release(service: string, cause: Cause): Promise<{ readonly job: string }>
}

/** What whoever supervises the services is told of units. */
export interface ServiceUnits {
  /** Asks systemd about the units of these services now, so that {@link inTheWay} is true of this moment. Never rejects. */
  refresh(services: readonly ServiceDefinition[]): Promise<void>
  /** Why the console must not start the service, one sentence: a unit runs it, or whether one does cannot be told. As last looked. */
  inTheWay(service: ServiceDefinition): string | null
  /** What systemd says of a service that it runs; null where it says nothing. */
  report(service: ServiceDefinition): { readonly health: Health; readonly sentence: string } | null
  view(service: ServiceDefinition): ServiceView['unit']
  /** Told with a service's id when anything of this changed. */
  onChanged(listener: (service: string) => void): Disposable
}

export const noUnits: ServiceUnits = {
  refresh: async () => {},
  inTheWay: () => null,
  report: () => null,
  view: () => null,
  onChanged: () => ({ [Symbol.dispose]: () => {} }),
}

/** What this part asks of whoever supervises the services: it lies above, so it is named by what it can do. */
export interface ServiceHands {
  /** Starts the service with what it needs and waits until it is ready, at most so long. */
  prove(service: string, withinMs: number, order: ServiceOrder): Promise<Proof>
  /** Stops this service and no other. */
  stopAlone(service: string, order: ServiceOrder): Promise<ServiceAnswer>
  start(services: readonly string[], order: ServiceOrder): Promise<ServiceAnswer>
  /** Emergency stops since the site was opened. */
  readonly emergencyStops: number
}

export interface ServiceOrder {
  readonly cause: Cause
  readonly operation: string | null
}

export interface ServiceAnswer {
  readonly failed: readonly { readonly service: string; readonly reason: string }[]
}

/** `stopped`: somebody ordered it to stop meanwhile. */
export type Proof =
  | { readonly at: 'ready' }
  | { readonly at: 'stopped' }
  | { readonly at: 'not ready'; readonly reason: string }
