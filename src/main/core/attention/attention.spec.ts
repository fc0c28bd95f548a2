import { expect, onTestFinished, test } from 'vitest'
import { eventsSchema, openEventLog } from '#core/events/index.ts'
import { silentLogger } from '#core/platform/index.ts'
import { openStateHub } from '#core/state/index.ts'
import { openStore } from '#core/store/index.ts'
import type { Cause } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { type AttentionDraft, attentionSchema, openAttention } from './index.ts'

const operator: Cause = { type: 'operator', via: 'browser' }
const seen: Cause = { type: 'observation', what: 'a probe failed' }

const draft = (more: Partial<AttentionDraft> = {}): AttentionDraft => ({
  id: 'service-failed:api',
  subject: 'service:api',
  severity: 'error',
  title: 'api has failed',
  why: 'It exited with code 1 five times in ten minutes.',
  fixes: [{ label: 'Start api', action: { type: 'start-service', service: 'api' } }],
  cause: seen,
  dismissible: true,
  ...more,
})

async function openAll(directory: string, clock = new ManualClock()) {
  const common = { clock, logger: silentLogger }
  const schemas = { control: [eventsSchema, attentionSchema], messages: [] }
  const store = await openStore({ directory, schemas, runtime: testRuntime(), ...common })
  const hub = openStateHub(common)
  const events = openEventLog({ database: store.control, ...common })
  const attention = openAttention({ database: store.control, events, state: hub.slice('attention'), ...common })
  const close = async () => {
    await attention[Symbol.asyncDispose]()
    await events[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    hub[Symbol.dispose]()
  }
  const told = async () => {
    await events.settled()
    return (await events.page({ after: 0, limit: 100 })).events.map(({ kind, message }) => `${kind}: ${message}`)
  }
  return { clock, store, events, attention, close, told, shown: () => hub.slice('attention').all() }
}

async function opened() {
  const folder = temporaryFolder()
  const all = await openAll(folder.path)
  onTestFinished(async () => {
    await all.close()
    folder[Symbol.dispose]()
  })
  return all
}

test('a condition is raised once: shown with its fixes, told with its cause, and raising it again is silent', async () => {
  const { attention, events, clock, told, shown } = await opened()
  const since = clock.wall()
  attention.raise(draft())
  clock.jumpWall(60_000)
  attention.raise(draft())
  expect(attention.open()).toHaveLength(1)
  expect(shown()['service-failed:api']).toMatchObject({ since, dismissed: false, title: 'api has failed' })
  expect(await told()).toEqual(['attention.raised: api has failed. It exited with code 1 five times in ten minutes.'])
  const event = events.byId(attention.open()[0]?.event ?? '')
  expect(event).toMatchObject({ kind: 'attention.raised', subject: 'service:api', severity: 'error', cause: seen })
})

test('raising an open condition with other words changes its text and not its since', async () => {
  const { attention, clock, told } = await opened()
  const since = clock.wall()
  attention.raise(draft())
  clock.jumpWall(60_000)
  attention.raise(draft({ why: 'It exited six times.' }))
  expect(attention.open()).toMatchObject([{ since, why: 'It exited six times.' }])
  expect(await told()).toHaveLength(1)
})

test('clearing ends a condition and says so; clearing what is not open does nothing', async () => {
  const { attention, told, shown, store } = await opened()
  attention.raise(draft())
  attention.clear('service-failed:api', operator)
  attention.clear('service-failed:api', operator)
  expect(attention.open()).toEqual([])
  expect(shown()).toEqual({})
  expect((await told()).slice(1)).toEqual(['attention.cleared: No longer: api has failed.'])
  await store.settled()
  expect(store.control.all({ sql: 'SELECT * FROM attention' })).toEqual([])
})

test('a dismissed condition stays hidden while the same is found again, and comes back after it was cleared', async () => {
  const { attention, told } = await opened()
  attention.raise(draft())
  await attention.dismiss('service-failed:api', operator)
  attention.raise(draft())
  attention.raise(draft({ why: 'Still.' }))
  expect(attention.open()).toMatchObject([{ dismissed: true, why: 'Still.' }])
  attention.clear('service-failed:api', seen)
  attention.raise(draft())
  expect(attention.open()).toMatchObject([{ dismissed: false }])
  expect((await told()).map((line) => line.split(':')[0])).toEqual([
    'attention.raised',
    'attention.dismissed',
    'attention.cleared',
    'attention.raised',
  ])
})

test('a dismissed condition that becomes more severe is shown and told again', async () => {
  const { attention, told } = await opened()
  attention.raise(draft({ severity: 'warning' }))
  await attention.dismiss('service-failed:api', operator)
  attention.raise(draft({ severity: 'critical' }))
  expect(attention.open()).toMatchObject([{ dismissed: false, severity: 'critical' }])
  expect(await told()).toHaveLength(3)
})

test('what is a danger to data cannot be dismissed, and what is not open neither', async () => {
  const { attention } = await opened()
  attention.raise(draft({ dismissible: false }))
  await expect(attention.dismiss('service-failed:api', operator)).rejects.toMatchObject({
    problem: { code: 'attention-not-dismissible' },
  })
  await expect(attention.dismiss('other', operator)).rejects.toMatchObject({ problem: { code: 'attention-unknown' } })
})

test('open conditions survive the console, with since and dismissed, and leave the shown state with the site', async () => {
  using folder = temporaryFolder()
  const first = await openAll(folder.path)
  const since = first.clock.wall()
  first.attention.raise(draft())
  first.attention.raise(draft({ id: 'disk', title: 'The disk is nearly full', severity: 'critical' }))
  await first.attention.dismiss('service-failed:api', operator)
  await first.close()
  expect(first.shown()).toEqual({})
  const second = await openAll(folder.path, new ManualClock(since + 3_600_000))
  expect(second.attention.open()).toMatchObject([
    { id: 'disk', since },
    { id: 'service-failed:api', since, dismissed: true },
  ])
  second.attention.raise(draft())
  expect(second.attention.open()).toMatchObject([{ id: 'disk' }, { since, dismissed: true }])
  expect(Object.keys(second.shown())).toHaveLength(2)
  await second.close()
})

test('listeners are told of every change with all that is open, the most severe first', async () => {
  const { attention } = await opened()
  const told: string[][] = []
  attention.onChanged((open) => told.push(open.map(({ id }) => id)))
  attention.raise(draft({ id: 'a', severity: 'warning' }))
  attention.raise(draft({ id: 'b', severity: 'critical' }))
  await attention.dismiss('a', operator)
  attention.clear('b', operator)
  expect(told).toEqual([['a'], ['b', 'a'], ['b', 'a'], ['a']])
})

test('a condition is shown even when it cannot be stored, and dismissing it then says so', async () => {
  const { attention, store, shown } = await opened()
  await store[Symbol.asyncDispose]()
  attention.raise(draft())
  expect(Object.keys(shown())).toEqual(['service-failed:api'])
  await expect(attention.dismiss('service-failed:api', operator)).rejects.toMatchObject({
    problem: { code: 'store-closed' },
  })
})
