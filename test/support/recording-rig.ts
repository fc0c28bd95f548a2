import type { EventDraft } from '#core/events/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import { openRecordings, type Recordings } from '#core/messaging/index.ts'
import { DisposableStore, silentLogger, systemClock } from '#core/platform/index.ts'
import { openStore } from '#core/store/index.ts'
import { temporaryFolder } from './folders.ts'
import { type MessagingRig, messagingRig, recordingEvents, routerConnected } from './messaging-rig.ts'
import { testRuntime } from './runtime.ts'

/** Recordings over a real broker, router and store, with jobs in a store of their own. */
export interface RecordingRig extends AsyncDisposable {
  readonly rig: MessagingRig
  readonly jobs: Jobs
  readonly events: readonly EventDraft[]
  open(): Promise<Recordings>
  publish(topic: string, payload: string): Promise<void>
}

export async function recordingRig(
  given: Parameters<typeof messagingRig>[0] = {},
  routes: Parameters<MessagingRig['load']>[0] | 'embedded' = [],
): Promise<RecordingRig> {
  const owned = new DisposableStore()
  const folder = temporaryFolder()
  owned.add(folder)
  const rig = owned.add(await messagingRig(given))
  if (!given.brokers) await rig.startBroker()
  if (routes === 'embedded') await rig.loadEmbedded([])
  else await rig.load(routes)
  await routerConnected(rig)
  const clock = systemClock()
  const { events, log } = recordingEvents()
  const schemas = { control: [jobsSchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: folder.path, schemas, runtime: testRuntime(), clock, logger: silentLogger }),
  )
  const jobs = owned.add(
    await openJobs({
      database: store.control,
      events: {
        ...log,
        record: async (draft) => ({ operation: null, data: {}, ...draft, id: log.emit(draft).id, seq: 1, at: 1 }),
      },
      state: rig.state.slice('jobs'),
      clock,
      logger: silentLogger,
    }),
  )
  const open = () =>
    openRecordings({
      store: rig.store,
      recorder: rig.messaging.recorder,
      jobs,
      events: log,
      state: rig.state,
      clock,
      logger: silentLogger,
    })
  const publish = (topic: string, payload: string) => rig.messaging.publish({ topic, payload, qos: 1, retain: false })
  return { rig, jobs, events, open, publish, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}
