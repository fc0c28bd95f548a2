import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import type { Database } from '#core/store/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { eventDraft as draft, eventRig } from '../../../../test/support/event-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { builtPrograms } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import { backlogBound } from './backlog.ts'
import { openEventLog } from './index.ts'

/** A real store before which a gate can be shut: then writes are refused, or done without anything being heard of them. */
async function gatedLog() {
  const rig = await eventRig()
  let gate: 'open' | 'refuses' | 'loses the answer' = 'open'
  // One and the same each time, as the store refuses at once while its disk is full.
  const reason = new ConsoleError('store-read-only', 'The disk is full.', 'Make room.', { retryable: true })
  const { control } = rig.store
  const database: Database = {
    name: 'control',
    all: (statement) => control.all(statement),
    get: (statement) => control.get(statement),
    query: (statement, options) => control.query(statement, options),
    onReplaced: (listener) => control.onReplaced(listener),
    async write(statements, recordClass) {
      if (gate === 'refuses') throw reason
      const results = await control.write(statements, recordClass)
      if (gate === 'loses the answer') throw new ConsoleError('store-interrupted', 'The writer ended.', 'Wait.')
      return results
    },
  }
  const timersOfStore = rig.clock.waiting
  const log = openEventLog({ database, clock: rig.clock, logger: silentLogger })
  const told: EventRecord[] = []
  log.onCommitted((events) => told.push(...events))
  const shut = (how: typeof gate) => {
    gate = how
  }
  const recorded = async () => (await log.page({ order: 'oldest', limit: 1_000 })).events
  const messages = async () => (await recorded()).map(({ message }) => message)
  return { ...rig, log, timersOfStore, told, shut, recorded, messages }
}

test('what happens while the store takes nothing is recorded in order once it does, with its own times and ids', async () => {
  const { log, shut, clock, recorded, told } = await gatedLog()
  log.emit(draft({ message: 'before' }))
  await log.settled()
  shut('refuses')
  const first = log.emit(draft({ message: 'held 1' }))
  await log.settled()
  await clock.advance(60_000)
  const second = log.emit(draft({ message: 'held 2', cause: first.cause }))
  expect(log.backlog()).toEqual({ held: 2, lost: 0 })
  shut('open')
  await clock.advance(500)
  await until('the backlog to be written', () => log.backlog().held === 0)
  await log.settled()
  expect((await recorded()).map(({ seq, message }) => `${seq} ${message}`)).toEqual([
    '1 before',
    '2 held 1',
    '3 held 2',
  ])
  expect(log.causes(second.id).map(({ id }) => id)).toEqual([second.id, first.id])
  expect((log.byId(second.id)?.at ?? 0) - (log.byId(first.id)?.at ?? 0)).toBe(60_000)
  await until('all to be told', () => told.length === 3)
  expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('an event whose fate was unknown is neither lost nor recorded twice', async () => {
  const { log, shut, clock, messages, told } = await gatedLog()
  shut('loses the answer')
  for (let n = 1; n <= 5; n++) log.emit(draft({ message: `number ${n}` }))
  await log.settled()
  expect(log.backlog().held).toBe(5)
  shut('open')
  log.emit(draft({ message: 'number 6' }))
  await clock.advance(500)
  await until('all to be told', () => told.length === 6)
  expect(await messages()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `number ${n}`))
  // Writing one again may leave a sequence out, and never gives one twice.
  expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, expect.any(Number)])
  expect(told.at(-1)?.seq).toBeGreaterThan(5)
})

test('what does not fit is counted and said in one event with the interval, after everything that was held back', async () => {
  const { log, shut, clock, recorded } = await gatedLog()
  const failed: string[] = []
  log.onFailure(({ draft: { message } }) => failed.push(message))
  shut('refuses')
  for (let n = 1; n <= backlogBound.events; n++) log.emit(draft({ message: `held ${n}` }))
  await log.settled()
  const from = clock.wall()
  log.emit(draft({ message: 'too much' }))
  await clock.advance(120_000)
  log.emit(draft({ message: 'too much again' }))
  expect(log.backlog()).toEqual({ held: backlogBound.events, lost: 2 })
  expect(failed).toEqual(['too much', 'too much again'])
  shut('open')
  await clock.advance(500)
  await until(
    'the loss to be said',
    async () => (await log.page({ kind: 'events.lost', limit: 1 })).events.length === 1,
  )
  const { events } = await log.page({ limit: 2 })
  expect(events.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^2 events between .* UTC could not/),
    'held 10000',
  ])
  expect(events[0]).toMatchObject({ severity: 'error', data: { count: 2, from, to: from + 120_000 } })
  expect((await recorded()).slice(0, 3).map(({ message }) => message)).toEqual(['held 1', 'held 2', 'held 3'])
})

test('large events fill the backlog by their size', async () => {
  const { log, shut } = await gatedLog()
  shut('refuses')
  for (let n = 0; n < 20; n++) log.emit(draft({ data: { text: 'x'.repeat(1024 * 1024) } }))
  await log.settled()
  expect(log.backlog()).toEqual({ held: 15, lost: 5 })
})

test('record is refused with the reason while the store takes nothing, and goes behind what is held back once it does', async () => {
  const { log, shut, messages } = await gatedLog()
  shut('refuses')
  log.emit(draft({ message: 'held' }))
  await log.settled()
  await expect(log.record(draft())).rejects.toMatchObject({ problem: { code: 'store-read-only' } })
  expect(log.backlog()).toEqual({ held: 1, lost: 0 })
  shut('open')
  expect(await log.record(draft({ message: 'asked for' }))).toMatchObject({ seq: 2 })
  expect(await messages()).toEqual(['held', 'asked for'])
})

test('closing writes what is held back when it can, and waits for a bounded time when it cannot', async () => {
  const { log, shut, clock, store, timersOfStore } = await gatedLog()
  shut('refuses')
  log.emit(draft({ message: 'held' }))
  await log.settled()
  const failed: string[] = []
  log.onFailure(({ draft: { message } }) => failed.push(message))
  let closed = false
  const closing = log[Symbol.asyncDispose]().then(() => {
    closed = true
  })
  await clock.advance(2_900)
  expect(closed).toBe(false)
  await clock.advance(200)
  await closing
  expect(failed).toEqual(['held'])
  expect(clock.waiting).toBe(timersOfStore)
  expect(store.control.all({ sql: 'SELECT 1 FROM events' })).toEqual([])
})

test('a full disk loses no event: what happened meanwhile is recorded when there is room again', async () => {
  using folder = temporaryFolder()
  const script = `
    process.on('SIGXFSZ', () => {})
    const { openStore } = await import(process.argv[1]); const platform = await import(process.argv[2])
    const { eventsSchema, openEventLog } = await import(process.argv[3]); const { until } = await import(process.argv[4])
    const common = { clock: platform.systemClock({ keepAlive: true }), logger: platform.silentLogger }
    const store = await openStore({ ...common, directory: process.argv[5], schemas: { control: [eventsSchema], messages: [] }, runtime: platform.builtRuntime(${JSON.stringify(builtPrograms)}, process.execPath) })
    const log = openEventLog({ ...common, database: store.control })
    const cause = { type: 'console', why: 'test' }
    let emitted = 0
    const emit = () => log.emit({ kind: 'test.filled', subject: 'site', severity: 'info', message: 'number ' + ++emitted, cause, data: { x: 'x'.repeat(5000) } })
    while (log.backlog().held === 0 && emitted < 2000) { emit(); await log.settled() }
    const recorded = store.control.all({ sql: 'SELECT seq FROM events' }).length
    const refused = await log.record({ kind: 'test.asked', subject: 'site', severity: 'info', message: 'asked', cause }).catch((error) => error.problem.code)
    for (let n = 0; n < 20; n++) emit()
    console.log(JSON.stringify({ emitted, recorded, refused, ...log.backlog() }))
    process.stdin.once('data', async () => {
      await until('the backlog to be written', () => log.backlog().held === 0)
      await log.settled()
      console.log(JSON.stringify(store.control.all({ sql: 'SELECT message FROM events ORDER BY seq' }).map(({ message }) => message)))
      await log[Symbol.asyncDispose](); await store[Symbol.asyncDispose](); process.exit(0)
    })`
  const modules = ['../store/index.ts', '../platform/index.ts', './index.ts', '../../../../test/support/until.ts']
  const args = [
    '--input-type=module',
    '-e',
    script,
    ...modules.map((path) => new URL(path, import.meta.url).href),
    folder.path,
  ]
  // The system refuses what would make a file larger than 800 blocks of 512 bytes, until the soft limit is lifted.
  const child = spawn('sh', ['-c', 'ulimit -S -f 800; exec "$0" "$@"', process.execPath, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  using _child = { [Symbol.dispose]: () => void child.kill('SIGKILL') }
  const lines = createInterface(child.stdout)
  const full = JSON.parse(String((await once(lines, 'line'))[0]))
  expect(full).toMatchObject({ refused: 'store-read-only', lost: 0 })
  expect(full.held).toBe(full.emitted - full.recorded)
  expect(full.recorded).toBeGreaterThan(3)
  const lifting = spawn('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'], { stdio: 'inherit' })
  await once(lifting, 'close')
  child.stdin.write('go on\n')
  const messages = JSON.parse(String((await once(lines, 'line'))[0]))
  expect(messages).toEqual(Array.from({ length: full.emitted }, (_, index) => `number ${index + 1}`))
})
