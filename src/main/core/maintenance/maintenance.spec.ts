import { expect, test } from 'vitest'
import { attentionSchema, openAttention } from '#core/attention/index.ts'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { DisposableStore, silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { maintenanceSchema, openMaintenance } from './index.ts'
import { leftMs } from './report.ts'

const operator: Cause = { type: 'operator', via: 'browser' }
const seen: Cause = { type: 'observation', what: 'a probe failed' }
const hour = 3_600_000

/** A console on a folder, its time moved by hand; `passed` is the time that it has seen pass. */
async function opened(directory: string, clock: ManualClock, passed = { before: 0 }) {
  const owned = new DisposableStore()
  const logger = silentLogger
  const schemas = { control: [eventsSchema, attentionSchema, maintenanceSchema], messages: [] }
  const store = owned.add(await openStore({ directory, schemas, runtime: testRuntime(), clock, logger }))
  const database = store.control
  const hub = owned.add(openStateHub({ clock, logger }))
  const events = owned.add(openEventLog({ database, clock, logger }))
  const attention = owned.add(openAttention({ database, events, state: hub.slice('attention'), clock, logger }))
  const holds: (string | null)[] = []
  const deliveries: boolean[] = []
  const starts: Cause[] = []
  const since = clock.monotonic()
  const maintenance = owned.add(
    await openMaintenance({
      database,
      events,
      attention,
      services: { holdRestarts: (why) => void holds.push(why) },
      messages: { holdDeliveries: (on) => void deliveries.push(on) },
      startSite: async (cause) => void starts.push(cause),
      state: hub.slice('maintenance'),
      seenMs: () => passed.before + clock.monotonic() - since,
      clock,
      logger,
    }),
  )
  return {
    maintenance,
    attention,
    events,
    holds,
    deliveries,
    starts,
    view: () => hub.slice('maintenance').get('maintenance'),
    told: async () => {
      await events.settled()
      return (await events.page({ after: 0, limit: 100 })).events
    },
    raise: (id: string, more = {}) =>
      attention.raise({
        id,
        subject: 'service:api',
        severity: 'error',
        title: `${id} is wrong`,
        why: 'It is.',
        fixes: [],
        cause: seen,
        dismissible: true,
        ...more,
      }),
    close: () => owned[Symbol.asyncDispose](),
  }
}

test('it holds restarts and cards back for its time, ends by itself, and tells what it held back', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, clock)
  await site.maintenance.begin({ forMs: 2 * hour, reason: 'new switch' }, operator)
  expect(site.holds).toEqual(['maintenance'])
  expect(site.view()).toMatchObject({ on: true, reason: 'new switch', until: clock.wall() + 2 * hour })

  site.raise('service-failed:api')
  site.raise('disk-full', { severity: 'critical', dismissible: false })
  site.raise('came-and-went')
  site.attention.clear('came-and-went', seen)
  site.events.emit({
    kind: 'service.held-back',
    subject: 'service:api',
    severity: 'warning',
    message: 'api is not started again: held back by maintenance.',
    cause: seen,
  })
  await expect.poll(() => site.view()?.held).toEqual({ restarts: 1, recoveries: 0, cards: 1 })
  expect(site.attention.open()).toMatchObject([{ id: 'disk-full' }, { id: 'service-failed:api', shelved: true }])
  expect(site.attention.open()[0]?.shelved).toBeUndefined()

  await clock.advance(2 * hour - 1_000)
  expect(site.maintenance.on).toBe(true)
  await clock.advance(10_000)
  await expect.poll(() => site.maintenance.on).toBe(false)
  expect(site.holds).toEqual(['maintenance', null])
  expect(site.deliveries).toEqual([true, false])
  const ended = (await site.told()).find(({ kind }) => kind === 'maintenance.ended')
  expect(ended).toMatchObject({
    cause: { type: 'schedule' },
    data: { restarts: [{ service: 'api' }], cards: [{ id: 'service-failed:api' }], passed: 1 },
  })
  expect(ended?.message).toContain('1 restart held back, made up for now: api.')
  expect(site.attention.open().every(({ shelved }) => shelved === undefined)).toBe(true)
  expect(site.attention.open().map(({ id }) => id)).toContain('maintenance-over')
  await site.close()
})

test('a clock that is set neither ends it nor makes it last, and its shown end follows the clock', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, clock)
  await site.maintenance.begin({ forMs: hour, reason: '' }, operator)
  clock.jumpWall(10 * 365 * 24 * hour)
  await clock.advance(6_000)
  expect(site.maintenance.on).toBe(true)
  expect(site.view()?.until).toBe(clock.wall() + hour - 6_000)
  clock.jumpWall(-20 * 365 * 24 * hour)
  await clock.advance(hour)
  await expect.poll(() => site.maintenance.on).toBe(false)
  await site.close()
})

test('it goes on over a restart of the console; one whose time passed meanwhile ends at once and says what it held back', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const passed = { before: 0 }
  const first = await opened(folder.path, clock, passed)
  await first.maintenance.begin({ forMs: hour, reason: 'rewiring' }, operator)
  first.raise('service-failed:api')
  expect(first.maintenance.deferStart()).toBe(true)
  await first.events.settled()
  await first.close()

  passed.before = 20 * 60_000
  const second = await opened(folder.path, clock, passed)
  expect(second.maintenance.on).toBe(true)
  expect(second.holds).toEqual(['maintenance'])
  expect(second.view()).toMatchObject({ reason: 'rewiring', until: clock.wall() + 40 * 60_000, held: { cards: 1 } })
  await second.close()

  passed.before = 2 * hour
  const third = await opened(folder.path, clock, passed)
  expect(third.maintenance.on).toBe(false)
  expect(third.holds).toEqual(['maintenance', null])
  expect(third.starts).toHaveLength(1)
  expect(third.maintenance.deferStart()).toBe(false)
  expect((await third.told()).filter(({ kind }) => kind === 'maintenance.ended')).toHaveLength(1)
  await third.close()

  const fourth = await opened(folder.path, clock, passed)
  expect(fourth.maintenance.on).toBe(false)
  expect(fourth.holds).toEqual([])
  await fourth.close()
})

test('whoever stops everything meanwhile is not overruled at its end by the start that was put off', async () => {
  const stops = [
    { kind: 'site.emergency-stopped', subject: 'site', data: {} },
    { kind: 'job.started', subject: 'job:jb-1', data: { kind: 'services.stop', subject: 'site' } },
  ]
  for (const stop of stops) {
    using folder = temporaryFolder()
    const site = await opened(folder.path, new ManualClock())
    await site.maintenance.begin({ forMs: hour, reason: '' }, operator)
    expect(site.maintenance.deferStart()).toBe(true)
    site.events.emit({ ...stop, severity: 'warning', message: 'Everything is stopped.', cause: operator })
    await site.maintenance.end(operator)
    expect(site.starts).toEqual([])
    await site.close()
  }
})

test('given another end in the moment in which it ends, it goes on', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, clock)
  await site.maintenance.begin({ forMs: hour, reason: '' }, operator)
  await clock.advance(hour - 1)
  const longer = site.maintenance.begin({ forMs: hour, reason: '' }, operator)
  await clock.advance(1)
  await longer
  await site.close() // waits for an end that is under way
  expect([site.maintenance.on, site.holds.at(-1)]).toEqual([true, 'maintenance'])
  const later = await opened(folder.path, clock, { before: hour })
  expect(later.maintenance.on).toBe(true)
  await later.close()
})

test('switching it on again gives it another end; off ends it now, and only once', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  const site = await opened(folder.path, clock)
  await site.maintenance.begin({ forMs: hour, reason: 'a' }, operator)
  await clock.advance(30 * 60_000)
  const { until } = await site.maintenance.begin({ forMs: hour, reason: 'b' }, operator)
  expect(until).toBe(clock.wall() + hour)
  await clock.advance(45 * 60_000)
  expect(site.maintenance.on).toBe(true)
  await Promise.all([site.maintenance.end(operator), site.maintenance.end(operator)])
  await expect(site.maintenance.end(operator)).rejects.toMatchObject({ problem: { code: 'maintenance-off' } })
  expect((await site.told()).map(({ kind }) => kind)).toEqual([
    'maintenance.began',
    'maintenance.changed',
    'maintenance.ended',
  ])
  expect(site.attention.open()).toEqual([]) // nothing was held back, so there is nothing to tell
  for (const forMs of [0, 59_999, 8 * 24 * hour]) {
    await expect(site.maintenance.begin({ forMs, reason: '' }, operator)).rejects.toMatchObject({
      problem: { code: 'maintenance-length' },
    })
  }
  await site.close()
})

test('what is left is never more than the whole length, whatever the stored time says', () => {
  const period = { reason: '', began: 0, forMs: hour, event: 'e', seq: 1, startDeferred: false }
  expect(leftMs({ ...period, beganSeenMs: 1_000 * hour }, 0)).toBe(hour)
  expect(leftMs({ ...period, beganSeenMs: 0 }, hour / 4)).toBe(0.75 * hour)
  expect(leftMs({ ...period, beganSeenMs: 0 }, 99 * hour)).toBe(0)
})
