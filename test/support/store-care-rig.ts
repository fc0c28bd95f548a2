import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Attention, attentionSchema, openAttention } from '#core/attention/index.ts'
import { type EventLog, eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import { DisposableStore, silentLogger, sourceRuntime } from '#core/platform/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import { openStoreCare, type StoreCare } from '#core/store-care/index.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'
import { addNote, notesSchema } from './store-rig.ts'

export interface StoreCareRig {
  readonly directory: string
  readonly clock: ManualClock
  readonly store: Store
  readonly events: EventLog
  readonly jobs: Jobs
  readonly attention: Attention
  readonly state: StateHub
  readonly care: StoreCare
}

/**
 * The care of a real store with the real parts that it works with, on a clock moved by hand. Closed when the test has ended. `notes`
 * are in the messages database before, in its file and not in its log.
 */
export async function storeCareRig({ notes = 0 } = {}): Promise<StoreCareRig> {
  const owned = new DisposableStore()
  const folder = temporaryFolder()
  onTestFinished(async () => {
    await owned[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const directory = join(folder.path, '.wheelhouse')
  const clock = new ManualClock()
  const common = { clock, logger: silentLogger }
  const schemas = { control: [eventsSchema, jobsSchema, attentionSchema], messages: [notesSchema] }
  const options = { directory, schemas, runtime: sourceRuntime(), ...common }
  if (notes > 0) {
    await using before = await openStore(options)
    for (let n = 0; n < notes; n++) void before.messages.write(addNote(n, `note ${n} ${'x'.repeat(500)}`), 'journal')
    await before.settled()
  }
  const store = owned.add(await openStore(options))
  const database = store.control
  const state = owned.add(openStateHub(common))
  const events = owned.add(openEventLog({ database, ...common }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), ...common }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), ...common }))
  const parts = { store, events, jobs, attention, state: state.slice('store'), contact: () => null, ...common }
  const care = owned.add(await openStoreCare(parts))
  return { directory, clock, store, events, jobs, attention, state, care }
}
