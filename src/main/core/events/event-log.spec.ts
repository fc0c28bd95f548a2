import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStore } from '#core/store/index.ts'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { type EventDraft, eventsSchema, openEventLog } from './index.ts'

async function openLog(directory?: string) {
  const folder = directory ? undefined : temporaryFolder()
  const clock = new ManualClock()
  const store = await openStore({
    directory: directory ?? folder?.path ?? '',
    schemas: { control: [eventsSchema], messages: [] },
    runtime: testRuntime(),
    clock,
    logger: silentLogger,
  })
  const log = openEventLog({ database: store.control, clock, logger: silentLogger })
  const close = async () => {
    await log[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    folder?.[Symbol.dispose]()
  }
  onTestFinished(close)
  return { log, store, clock, close }
}

const operator: Cause = { type: 'operator', via: 'window' }
const draft = (more: Partial<EventDraft> = {}): EventDraft => ({
  kind: 'service.started',
  subject: 'service:api',
  severity: 'info',
  message: 'api was started.',
  cause: operator,
  ...more,
})

test('an emitted event is committed with its sequence, its time and its facts, and its id is known at once', async () => {
  const { log, clock } = await openLog()
  const { id, cause } = log.emit(draft({ operation: 'jb-1', data: { pid: 7, odd: undefined, map: { a: [1] } } }))
  expect(cause).toEqual({ type: 'event', id })
  await log.settled()
  expect(log.byId(id)).toEqual({
    ...draft(),
    id,
    seq: 1,
    at: clock.wall(),
    operation: 'jb-1',
    data: { pid: 7, map: { a: [1] } },
  })
})

test('record resolves after the commit with the sequence', async () => {
  const { log } = await openLog()
  log.emit(draft())
  const recorded = await log.record(draft({ kind: 'service.stopped' }))
  expect(recorded.seq).toBe(2)
  expect(log.byId(recorded.id)).toEqual(recorded)
})

test('facts that cannot be stored do not keep the event from being recorded, and emit never throws', async () => {
  const { log } = await openLog()
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const { id } = log.emit(draft({ data: { good: 1, circular, big: 10n } }))
  await log.settled()
  expect(log.byId(id)?.data).toMatchObject({ good: 1, circular: expect.stringContaining('cannot be stored') })
})

test('pages are keyed by sequence, newest first, and say whether there is more', async () => {
  const { log } = await openLog()
  for (let n = 1; n <= 25; n++) log.emit(draft({ message: `number ${n}` }))
  await log.settled()
  const first = await log.page({ limit: 10 })
  expect(first.events.map(({ seq }) => seq)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16])
  expect(first.more).toBe(true)
  const last = await log.page({ before: 6, limit: 10 })
  expect(last.events.map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1])
  expect(last.more).toBe(false)
  expect((await log.page({ before: 6, limit: 5 })).more).toBe(false)
  expect((await log.page({ after: 20, limit: 3 })).events.map(({ seq }) => seq)).toEqual([21, 22, 23])
})

test('a page is filtered by subject, kind, severity, operation and the words of the message', async () => {
  const { log } = await openLog()
  log.emit(draft({ message: 'api was 100% ready_now' }))
  log.emit(draft({ kind: 'service.exited', severity: 'error', subject: 'service:kiosk', message: 'Kiosk exited.' }))
  log.emit(draft({ kind: 'services.counted', severity: 'critical', operation: 'jb-1' }))
  log.emit(draft({ kind: 'service.exited-late', severity: 'warning' }))
  await log.settled()
  const seqs = async (query: Parameters<typeof log.page>[0]) => (await log.page(query)).events.map(({ seq }) => seq)
  expect(await seqs({ subject: 'service:kiosk', limit: 9 })).toEqual([2])
  expect(await seqs({ kind: 'service.', limit: 9 })).toEqual([4, 2, 1])
  expect(await seqs({ kind: 'service.exited', limit: 9 })).toEqual([4, 2])
  expect(await seqs({ kind: 'serv', limit: 9 })).toEqual([4, 3, 2, 1])
  expect(await seqs({ atLeast: 'warning', limit: 9 })).toEqual([4, 3, 2])
  expect(await seqs({ atLeast: 'error', limit: 9 })).toEqual([3, 2])
  expect(await seqs({ operation: 'jb-1', limit: 9 })).toEqual([3])
  expect(await seqs({ text: 'exited kiosk', limit: 9 })).toEqual([2])
  expect(await seqs({ text: '100%', limit: 9 })).toEqual([1])
  expect(await seqs({ text: 'ready_', limit: 9 })).toEqual([1])
  expect(await seqs({ text: '_', subject: 'service:kiosk', limit: 9 })).toEqual([])
})

test('the chain of causes leads to the root, and effects lead back, also when several have the same cause', async () => {
  const { log } = await openLog()
  const exited = log.emit(draft({ kind: 'service.exited' }))
  const unhealthy = log.emit(draft({ kind: 'service.unhealthy', cause: exited.cause }))
  const restarted = log.emit(draft({ kind: 'service.restarted', cause: unhealthy.cause }))
  const raised = log.emit(draft({ kind: 'attention.raised', cause: unhealthy.cause }))
  await log.settled()
  expect(log.causes(restarted.id).map(({ kind }) => kind)).toEqual([
    'service.restarted',
    'service.unhealthy',
    'service.exited',
  ])
  expect(log.effects(unhealthy.id).map(({ id }) => id)).toEqual([restarted.id, raised.id])
  expect(log.causes('ev-unknown')).toEqual([])
})

test('a cause that is not there any more and a circle of causes end the chain, and effects are counted', async () => {
  const { log, store } = await openLog()
  const orphan = log.emit(draft({ cause: { type: 'event', id: 'ev-removed' } }))
  const first = log.emit(draft())
  const second = log.emit(draft({ cause: first.cause }))
  await log.settled()
  const circle = { sql: 'UPDATE events SET cause = ?, cause_event = ? WHERE id = ?' }
  await store.control.write([{ ...circle, values: [JSON.stringify(second.cause), second.id, first.id] }], 'event')
  expect(log.causes(orphan.id).map(({ id }) => id)).toEqual([orphan.id])
  expect(log.causes(second.id).map(({ id }) => id)).toEqual([second.id, first.id])
  expect(log.countEffects(first.id)).toBe(1)
  expect(log.countEffects('ev-unknown')).toBe(0)
})

test('listeners are told after the commit, in order of sequence, each event once', async () => {
  const { log } = await openLog()
  const told: EventRecord[] = []
  const listening = log.onCommitted((events) => {
    for (const event of events) expect(log.byId(event.id)).toEqual(event)
    told.push(...events)
  })
  for (let n = 0; n < 200; n++) {
    log.emit(draft({ severity: n % 3 === 0 ? 'error' : 'info', message: `number ${n}` }))
    if (n % 20 === 0) await log.record(draft({ message: `number ${n} recorded` }))
  }
  await log.settled()
  await until('all are told', () => told.length === 210)
  expect(told.map(({ seq }) => seq)).toEqual(Array.from({ length: 210 }, (_, index) => index + 1))
  listening[Symbol.dispose]()
  await log.record(draft())
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toHaveLength(210)
})

test('an event that cannot be recorded is told with its id, and record rejects', async () => {
  const { log, store } = await openLog()
  await store[Symbol.asyncDispose]()
  const failed: string[] = []
  log.onFailure(({ id, draft }) => failed.push(`${id} ${draft.message}`))
  const { id } = log.emit(draft({ message: 'lost' }))
  await log.settled()
  expect(failed).toEqual([`${id} lost`])
  await expect(log.record(draft())).rejects.toMatchObject({ problem: { code: 'store-closed' } })
})

test('sequences go on after closing and opening again', async () => {
  using folder = temporaryFolder()
  const first = await openLog(folder.path)
  await first.log.record(draft())
  await first.close()
  const second = await openLog(folder.path)
  expect((await second.log.record(draft())).seq).toBe(2)
  await second.close()
})
