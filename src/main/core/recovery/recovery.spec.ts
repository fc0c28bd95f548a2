import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import type { PolicyDefinition } from '#core/config/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { jobsSchema, openJobs } from '#core/jobs/index.ts'
import { DisposableStore, silentLogger, sourceRuntime } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { serviceOf, siteOf } from '../../../../test/support/site-definition.ts'
import { openRecovery, type RecoveryAction, recoverySchema, type StepRun } from './index.ts'

const operator: Cause = { type: 'operator', via: 'browser' }
const minute = 60_000

const policy = (id: string, more: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
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

/** A console on a folder whose actions are noted instead of done; its time is moved by hand. */
async function opened(
  directory: string,
  policies: readonly PolicyDefinition[],
  given: { readonly clock?: ManualClock; readonly before?: number; readonly parts?: Record<string, boolean> } = {},
) {
  const clock = given.clock ?? new ManualClock()
  const owned = new DisposableStore()
  const logger = silentLogger
  const schemas = { control: [eventsSchema, attentionSchema, jobsSchema, recoverySchema], messages: [] }
  const store = owned.add(
    await openStore({ directory: join(directory, '.wheelhouse'), schemas, runtime: sourceRuntime(), clock, logger }),
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
    movesFiles: false,
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
      await store.settled()
      await events.settled()
      await new Promise((resolve) => setTimeout(resolve, 5))
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
    unit: null,
    command: '',
    cwd: '',
    pages: [],
    uses: [],
    hooks: [],
    ...more,
  }
}

const failed = { state: 'failed', health: 'unhealthy', reason: 'It exited with code 3.' } as const

test('a service that restarts did not cure is worked on step by step; at the end a card calls a person, and goes when it is over', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', failed)
  await site.pass(9_000)
  expect(site.did).toEqual([])
  await site.pass(6_000)
  expect(site.did).toEqual(['restart service:api'])
  await site.pass(40_000)
  expect(site.did).toEqual(['restart service:api', 'restart-with-dependents service:api'])
  const [card] = site.attention.open()
  expect(card).toMatchObject({
    id: 'recovery:revive:service:api',
    title: 'Recovery has given up on api',
    dismissible: true,
  })
  expect(card?.why).toContain('Call Lab office, local 204.')
  expect(card?.fixes.map(({ label }) => label)).toEqual(['Restart api', 'Restore…', 'What was tried'])
  await site.attention.dismiss('recovery:revive:service:api', operator)
  await site.pass(3 * minute) // it climbs again, and the dismissed card does not come back for the same condition
  expect(site.attention.open()).toMatchObject([{ dismissed: true }])
  site.show('api', {})
  await site.pass(5_000)
  expect(site.attention.open()).toHaveLength(1) // it may fail again in a moment: it must be well for a while
  await site.pass(10_000)
  expect(site.attention.open()).toEqual([])
  const kinds = (await site.kinds()).map(({ kind }) => kind)
  expect(kinds).toContain('recovery.cured')
  const history = site.recovery.history({ limit: 10 }).attempts
  expect(history.at(-1)).toMatchObject({
    policy: 'revive',
    step: 0,
    action: 'restart',
    result: 'done',
    why: 'api has failed. It exited with code 3.',
  })
  expect(history.every(({ job, ms, event }) => job !== null && ms !== null && event !== null)).toBe(true)
})

test('a service that comes back in time, or is not wanted any more, is left alone', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', failed)
  site.show('web', { ...failed, wanted: false })
  await site.pass(8_000)
  site.show('api', { state: 'starting', health: 'unknown' })
  await site.pass(1_000)
  site.show('api', failed)
  await site.pass(8_000)
  expect(site.did).toEqual([])
})

test('two policies on one subject never act at once, and neither acts beside one that touches everything', async () => {
  using folder = temporaryFolder()
  const gate = Promise.withResolvers<void>()
  const site = await opened(folder.path, [
    policy('first'),
    policy('second', { steps: [{ action: 'restart-with-dependents' }] }),
    policy('whole', { when: { kind: 'site' }, steps: [{ action: 'recover-site' }] }),
  ])
  site.gates.set('restart', gate.promise)
  site.show('api', failed)
  site.show('web', { ...failed })
  await site.pass(40_000)
  expect(site.did.toSorted()).toEqual(['restart service:api', 'restart service:web'])
  expect(site.policy('first')?.state).toBe('acting')
  await expect(site.recovery.run({ policy: 'second', subject: 'service:api' }, operator)).rejects.toMatchObject({
    problem: { code: 'recovery-busy' },
  })
  gate.resolve()
  await site.pass(10_000)
  expect(site.did.length).toBeGreaterThan(2)
})

test('it stops at the number of steps that a day allows, whatever becomes of the clock, and says so once', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const short = policy('revive', { perDay: 2, steps: [{ action: 'restart' }], coolDownMs: 10_000 })
  const site = await opened(folder.path, [short], { clock })
  site.show('api', failed)
  await site.pass(60_000)
  expect(site.did).toHaveLength(2)
  clock.jumpWall(400 * 24 * 60 * minute)
  await site.pass(60_000)
  clock.jumpWall(-800 * 24 * 60 * minute)
  await site.pass(60_000)
  expect(site.did).toHaveLength(2)
  expect(site.policy('revive')).toMatchObject({ state: 'used-up', subjects: [{ usedToday: 2 }] })
  expect(
    (await site.kinds()).filter(({ kind, data }) => kind === 'recovery.gave-up' && data.why === 'used-up'),
  ).toHaveLength(1)
  await site.close()

  // The console is started anew the same day, and a day later.
  const soon = await opened(folder.path, [short], { clock, before: 5 * minute })
  soon.show('api', failed)
  await soon.pass(40_000)
  expect(soon.did).toEqual([])
  await soon.close()
  const later = await opened(folder.path, [short], { clock, before: 25 * 60 * minute })
  later.show('api', failed)
  await later.pass(20_000)
  expect(later.did).toHaveLength(1)
})

test('while maintenance or a restore holds it back nothing is done; that is on record once, and counts for nothing', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.hold('maintenance')
  site.show('api', failed)
  await site.pass(2 * minute)
  expect(site.did).toEqual([])
  expect(site.results()).toEqual(['restart service:api held'])
  expect((await site.kinds()).map(({ kind }) => kind)).toEqual(['recovery.held-back'])
  expect(site.policy('revive')).toMatchObject({ state: 'held', subjects: [{ usedToday: 0 }] })
  site.hold(null)
  await site.pass(6_000)
  expect(site.did).toEqual(['restart service:api'])
})

test('an attempt in whose middle the console ended is told as interrupted and counts: the next step follows', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, [policy('revive')], { clock })
  const row = { policy: 'revive', subject: 'service:api' }
  await site.store.control.write(
    [
      {
        sql: `INSERT INTO recovery_attempts (id, policy, subject, step, action, why, at, begun_seen, manual, over)
              VALUES ('rc-1', ?, ?, 0, 'restart', 'api has failed.', 0, 0, 0, 0)`,
        values: [row.policy, row.subject],
      },
    ],
    'bookkeeping',
  )
  await site.close()
  const again = await opened(folder.path, [policy('revive')], { clock, before: 1_000 })
  expect(again.results()).toEqual(['restart service:api interrupted'])
  expect((await again.kinds()).map(({ kind }) => kind)).toEqual(['recovery.interrupted'])
  again.show('api', failed)
  await again.pass(25_000)
  expect(again.did).toEqual(['restart-with-dependents service:api'])
})

test('figures, the machine and events are conditions as well; an old figure tells nothing', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [
    policy('slow', { when: { kind: 'metric', expression: 'fps < 5', of: ['api'] }, forMs: 0 }),
    policy('full', { when: { kind: 'event', event: 'lab.broke', of: ['web'] }, forMs: 0 }),
  ])
  site.show('api', {})
  site.show('web', {})
  site.figures.set('api fps', { value: 1, at: site.clock.wall() - 10 * minute })
  await site.pass(5_000)
  expect(site.did).toEqual([])
  site.figures.set('api fps', { value: 1, at: site.clock.wall() })
  await site.pass(10_000)
  expect(site.did).toEqual(['restart service:api'])
  site.figures.set('api fps', { value: 30, at: site.clock.wall() })
  const { id } = site.events.emit({
    kind: 'lab.broke',
    subject: 'lamp',
    severity: 'warning',
    message: 'The lamp broke.',
    cause: operator,
  })
  await site.pass(15_000)
  expect(site.did).toEqual(['restart service:api', 'restart lamp'])
  await site.pass(2 * minute) // dealt with: nothing more is done about it
  expect(site.did).toHaveLength(2)
  const [attempt] = site.recovery.history({ policy: 'full', limit: 1 }).attempts
  expect(site.jobs.get(attempt?.job ?? '')?.cause).toEqual({ type: 'event', id })
})

test('a policy is switched off for the run, or with the whole part; then nothing is done', async () => {
  using folder = temporaryFolder()
  const site = await opened(folder.path, [policy('revive')])
  site.recovery.switch('revive', false, operator)
  site.show('api', failed)
  await site.pass(60_000)
  expect(site.did).toEqual([])
  expect(site.policy('revive')).toMatchObject({ state: 'off', switchedOff: true })
  site.recovery.switch('revive', true, operator)
  await site.pass(15_000)
  expect(site.did).toHaveLength(1)
  expect(() => site.recovery.switch('nothing', true, operator)).toThrow(/no recovery policy/)
  await site.close()
  const off = await opened(folder.path, [policy('revive')], { parts: { recovery: false } })
  off.show('api', failed)
  await off.pass(60_000)
  expect(off.did).toEqual([])
})

test('Run now shows what it would do and does it whatever the condition; it is on record as ordered and spends nothing of the day', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'data'))
  writeFileSync(join(folder.path, 'data', 'x'), '')
  const site = await opened(folder.path, [policy('revive')])
  site.show('api', {})
  expect(await site.recovery.preview({ policy: 'revive', subject: 'service:api' })).toMatchObject({
    step: 0,
    lines: ['restart api'],
    commandLine: 'wheelhouse recovery run revive --on service:api',
  })
  const { job } = await site.recovery.run({ policy: 'revive', subject: 'service:api' }, operator)
  expect((await site.jobs.finished(job)).state).toBe('completed')
  expect(site.recovery.history({ limit: 1 }).attempts).toMatchObject([{ manual: true, result: 'done' }])
  await expect(site.recovery.preview({ policy: 'revive', subject: 'service:other' })).rejects.toMatchObject({
    problem: { code: 'policy-subject' },
  })
  await expect(site.recovery.preview({ policy: 'revive', subject: null })).rejects.toMatchObject({
    problem: { code: 'policy-subject' },
  })
})
