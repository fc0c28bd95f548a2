import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { PolicyDefinition } from '#core/config/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { DisposableStore, silentLogger } from '#core/platform/index.ts'
import { openRecovery, type RecoveryAction, recoverySchema, type StepRun } from '#core/recovery/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { ManualClock } from './manual-clock.ts'
import { testRuntime } from './runtime.ts'
import { serviceOf, siteOf } from './site-definition.ts'

export const operator: Cause = { type: 'operator', via: 'browser' }
export const minute = 60_000

/** A policy on failed services, with short times. */
export const policy = (id: string, more: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
  id,
  title: id,
  on: true,
  shipped: false,
  when: { kind: 'health', is: 'failed', of: 'all' },
  forMs: 10_000,
  steps: [{ action: 'restart' }, { action: 'restart-with-dependents' }, { action: 'call-operator' }],
  backoff: { firstMs: 10_000, factor: 1, capMs: 10_000 },
  perDay: 5,
  coolDownMs: 2 * minute,
  ...more,
})

/** At most so many writes follow from each other before what is being done waits for time to pass. */
const writesInTurn = 8

/** A console on a folder whose actions are noted instead of done; its time is moved by hand. */
export async function opened(
  directory: string,
  policies: readonly PolicyDefinition[],
  given: { readonly clock?: ManualClock; readonly before?: number; readonly parts?: Record<string, boolean> } = {},
) {
  const clock = given.clock ?? new ManualClock()
  const owned = new DisposableStore()
  const logger = silentLogger
  const schemas = { control: [eventsSchema, attentionSchema, jobsSchema, recoverySchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: join(directory, '.wheelhouse'), schemas, runtime: testRuntime(), clock, logger }),
  )
  const database = store.control
  const state = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const attention = owned.add(openAttention({ database, events, state: state.slice('attention'), clock, logger }))
  const jobs = owned.add(await openJobs({ database, events, state: state.slice('jobs'), clock, logger }))
  const began = clock.monotonic()
  let held: string | null = null
  const figures = new Map<string, { value: number; at: number }>()
  const recovery = owned.add(
    await openRecovery({
      database,
      events,
      jobs,
      attention,
      state,
      figures: {
        latest: (service, name) => figures.get(`${service} ${name}`) ?? null,
        onChanged: () => ({ [Symbol.dispose]() {} }),
      },
      held: () => held,
      seenMs: () => (given.before ?? 0) + clock.monotonic() - began,
      clock,
      logger,
    }),
  )
  const did: string[] = []
  const gates = new Map<string, Promise<void>>()
  const noted = (
    name: RecoveryAction['name'],
    touches: (run: StepRun) => readonly string[] | 'all',
  ): RecoveryAction => ({
    name,
    movesFiles: name === 'reset-state',
    touches,
    preview: async ({ services }) => ({ lines: [`${name} ${services.join()}`], paths: [] }),
    act: async (run, job) => {
      did.push(`${name} ${run.subject}`)
      const gate = gates.get(name)
      if (gate) {
        const aborted = Promise.withResolvers<never>()
        job.signal.addEventListener('abort', () => aborted.reject(job.signal.reason))
        await Promise.race([gate, aborted.promise])
      }
      return name === 'reset-corrupt'
        ? { result: 'nothing', sentence: 'Nothing was.' }
        : { result: 'done', sentence: 'Done.' }
    },
  })
  recovery.add(noted('restart', ({ services }) => services))
  recovery.add(noted('restart-with-dependents', ({ services }) => services))
  recovery.add(noted('reset-corrupt', ({ services }) => services))
  recovery.add(noted('reset-state', ({ services }) => services))
  recovery.add(noted('recover-site', () => 'all'))
  recovery.add({
    ...noted('call-operator', () => []),
    act: async (run, job) => ({ result: 'done', sentence: recovery.call(run, job.cause) }),
  })
  const definition = {
    ...siteOf([serviceOf('api'), serviceOf('web')]),
    contact: { name: 'Lab office', phone: 'local 204', email: null },
    parts: given.parts ?? {},
    recovery: Object.fromEntries(policies.map((each) => [each.id, each])),
  }
  recovery.configure(definition)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await owned[Symbol.asyncDispose]()
  }
  onTestFinished(close)
  const show = (id: string, more: Partial<ServiceView>) => state.slice('services').set(id, view(id, more))
  /** Lets time pass in small steps, so that records written in a thread keep up with a clock that is moved by hand. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.advance(Math.min(5_000, left))
      // An attempt, its job and their ends are written one after the other.
      for (let turn = 0; turn < writesInTurn; turn++) {
        await store.settled()
        await events.settled()
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    }
  }
  return {
    clock,
    recovery,
    jobs,
    attention,
    events,
    store,
    did,
    gates,
    figures,
    pass,
    show,
    hold: (why: string | null) => {
      held = why
    },
    policy: (id: string) => state.slice('recovery').get(id),
    results: (query = {}) =>
      recovery
        .history({ limit: 100, ...query })
        .attempts.map(({ subject, action, result }) => `${action} ${subject} ${result}`),
    kinds: async () => {
      await events.settled()
      return (await events.page({ after: 0, kind: 'recovery.', limit: 200 })).events
    },
    close,
  }
}

function view(id: string, more: Partial<ServiceView>): ServiceView {
  return {
    id,
    title: id,
    kind: 'node',
    state: 'running',
    wanted: true,
    optional: false,
    unit: null,
    health: 'healthy',
    since: 0,
    reason: 'Running.',
    event: null,
    needs: [],
    dependents: [],
    phase: null,
    pid: 1,
    startedAt: 0,
    adopted: false,
    ports: {},
    restarts: 0,
    attempt: 0,
    nextStartAt: null,
    lastExit: null,
    probes: [],
    cpu: null,
    memory: null,
    processes: 1,
    command: '',
    cwd: '',
    pages: [],
    uses: [],
    hooks: [],
    ...more,
  }
}

/** What a service that has failed is shown as. */
export const failed = { state: 'failed', health: 'unhealthy', reason: 'It exited with code 3.' } as const
