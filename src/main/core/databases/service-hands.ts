import type { Cause } from '#shared/vocabulary.ts'

/** What this part asks of whoever supervises the services: it lies above, so it is named by what it can do. */
export interface ServiceHands {
  /** The services that are wanted and run now. */
  wanted(): readonly string[]
  start(services: readonly string[], order: ServiceOrder): Promise<ServiceAnswer>
  stop(services: readonly string[], order: ServiceOrder): Promise<ServiceAnswer>
  /** Emergency stops since the site was opened. */
  readonly emergencyStops: number
  /** The operation of the newest order to stop a service; null when there was none. */
  stopOrder(service: string): string | null
}

export interface ServiceOrder {
  readonly cause: Cause
  readonly operation: string | null
  readonly signal?: AbortSignal
}

export interface ServiceAnswer {
  readonly failed: readonly { readonly service: string; readonly reason: string }[]
}
