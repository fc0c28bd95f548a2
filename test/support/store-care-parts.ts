import { type Attention, attentionSchema, openAttention } from '#core/attention/index.ts'
import { type EventLog, eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import { type DisposableStore, silentLogger } from '#core/platform/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { openStore, type Store, type StoreOptions } from '#core/store/index.ts'
import { openStoreCare, type StoreCare } from '#core/store-care/index.ts'
import type { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'
import { notesSchema } from './store-rig.ts'

export interface StoreCareParts {
  readonly store: Store
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly state: StateHub
  readonly care: StoreCare
}

/** What a store with its care is opened with. */
export function storeCareOptions(directory: string, clock: ManualClock): StoreOptions {
  const schemas = { control: [eventsSchema, jobsSchema, attentionSchema], messages: [notesSchema] }
  return { directory, schemas, runtime: testRuntime(), clock, logger: silentLogger }
}

/** Opens the care of a real store with the real parts that it works with, on a clock moved by hand. `owned` closes them. */
export async function openStoreCareParts(options: StoreOptions, owned: DisposableStore): Promise<StoreCareParts> {
  const { clock, logger } = options
  const common = { clock, logger }
  const store = owned.add(await openStore(options))
  const database = store.control
  const state = owned.add(openStateHub(common))
  const events = owned.add(openEventLog({ database, ...common }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), ...common }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), ...common }))
  const parts = { store, events, jobs, attention, state: state.slice('store'), contact: () => null, ...common }
  const care = owned.add(await openStoreCare(parts))
  return { store, events, jobs, attention, state, care }
}
