import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type EventLog, eventsSchema, openEventLog } from '#core/events/index.ts'
import { type Jobs, jobsSchema, openJobs } from '#core/jobs/index.ts'
import {
  type Clock,
  type CrashPoints,
  DisposableStore,
  noCrashPoints,
  silentLogger,
  systemClock,
} from '#core/platform/index.ts'
import {
  openReleases,
  type ReleaseSource,
  type Releases,
  type ReleasesOptions,
  releasesSchema,
} from '#core/releases/index.ts'
import { openStateHub, type StateHub } from '#core/state/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { testRuntime } from './runtime.ts'

export const operator: Cause = { type: 'operator', via: 'command line' }

export interface ReleaseRig extends AsyncDisposable {
  readonly releases: Releases
  readonly jobs: Jobs
  readonly events: EventLog
  readonly state: StateHub
  readonly store: Store
  /** Brings a source and adopts it; resolves with the id. */
  bring(source: ReleaseSource, options?: { readonly unproven?: boolean }): Promise<string>
}

/** The releases of a site with the real parts that they work with: store, events, jobs, state, helper processes. */
export async function openReleaseRig(options: {
  /** The site folder; made when it is missing. */
  readonly site: string
  readonly clock?: Clock
  readonly crashPoints?: CrashPoints
  readonly protects?: () => readonly string[]
  readonly limits?: ReleasesOptions['limits']
}): Promise<ReleaseRig> {
  const { site, protects, limits } = options
  const owned = new DisposableStore()
  const own = join(site, '.wheelhouse')
  mkdirSync(own, { recursive: true })
  const clock = options.clock ?? systemClock({ keepAlive: true })
  const runtime = testRuntime()
  const logger = silentLogger
  const store = owned.add(
    await openStore({
      directory: own,
      schemas: { control: [eventsSchema, jobsSchema, releasesSchema], messages: [] },
      runtime,
      clock,
      logger,
    }),
  )
  const database = store.control
  const state = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), clock, logger }))
  const releases = owned.add(
    await openReleases({
      site: { id: 'bench', directory: site },
      database,
      events,
      state: state.slice('releases'),
      runtime,
      clock,
      logger,
      crashPoints: options.crashPoints ?? noCrashPoints,
      ...(protects && { protects }),
      ...(limits && { limits }),
    }),
  )
  return {
    releases,
    jobs,
    events,
    state,
    store,
    async bring(source, more = {}) {
      const { signal } = new AbortController()
      await using prepared = await releases.prepare(source, { signal, cause: operator, ...more })
      return (await releases.adopt(prepared, { signal, cause: operator })).id
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}
