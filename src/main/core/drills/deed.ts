import type { Databases } from '#core/databases/index.ts'
import type { JobContext, Jobs } from '#core/jobs/index.ts'
import type { Messaging } from '#core/messaging/index.ts'
import type { Clock, Processes, Runtime } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { Drill } from './drill-list.ts'
import type { Undo } from './types.ts'
import type { Waiting } from './waiting.ts'

/** What a drill does, and how it is seen that the console noticed and got over it. */
export interface Deed {
  /** Looks up what must be on record before anything is done. Changes nothing of the site but a copy that it takes. */
  prepare(job: JobContext): Promise<Undo>
  /** Brings the failure about. */
  act(cause: Cause): Promise<void>
  /** Resolves with what noticed it, a sentence; with null when nothing did in time. */
  noticed(waiting: Waiting, job: JobContext): Promise<string | null>
  /** Resolves, once all is well again, with what put it right, a sentence; with null when it did not get there in time. */
  recovered(waiting: Waiting, job: JobContext): Promise<string | null>
  /** What is still missing, for the verdict of one that did not get there; a clause. Null: the service's own state says it. */
  readonly shortfall: string | null
  /** What is known to be lost, a sentence. */
  lost(): string | null
  /** Takes back whatever still is as the drill made it. Resolves with a sentence of what had to be taken back, if anything. */
  undo(): Promise<string | null>
}

export interface DeedParts {
  readonly drill: Drill
  /** The service as it is shown now. Throws when the drill must end early, because somebody does something else with it. */
  readonly service: () => ServiceView
  readonly processes: Processes
  readonly messaging: Pick<Messaging, 'brokerClients' | 'cutBroker'>
  readonly databases: Pick<Databases, 'copy' | 'check' | 'recover'>
  readonly jobs: Jobs
  readonly state: StateHub
  readonly runtime: Runtime
  readonly clock: Clock
  /** Absolute path of the SQLite file that the drill is of; null for every other drill. */
  readonly file: string | null
  /** Folder of what is needed to undo a drill. */
  readonly folder: string
  /** How long the console has to notice damage by itself until a check is ordered. Milliseconds. */
  readonly damageGraceMs: number
}

/** Whether the console shows that something is wrong with a service. */
export function isTroubled({ state, health }: ServiceView): boolean {
  return state !== 'running' || health === 'unhealthy' || health === 'degraded'
}

export function isWell({ state, health }: ServiceView): boolean {
  return state === 'running' && health === 'healthy'
}
