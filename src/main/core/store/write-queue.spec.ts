import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLogger, systemClock } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { openStore, type RecordClass } from './index.ts'
import { LatencyWindow } from './latency-window.ts'
import { ruleOf } from './record-classes.ts'
import { WriteQueue } from './write-queue.ts'

const statements = [{ sql: 'INSERT INTO t VALUES (?)', values: [1] }]

function queueOn(clock: ManualClock) {
  const queue = new WriteQueue({ database: 'control', latency: new LatencyWindow(), clock })
  const outcomes: string[] = []
  const enter = (recordClass: RecordClass, name: string) => {
    queue.enter(recordClass, statements).then(
      () => outcomes.push(`${name} done`),
      (error) => outcomes.push(`${name} ${error.problem.code}`),
    )
  }
  const finish = (count: number) => {
    for (const { id } of queue.takeForHandOver().slice(0, count)) queue.leave(id, { results: [] })
  }
  return { queue, outcomes, enter, finish }
}

test('an event waits for a place for two seconds, in its turn, and is refused and counted then', async () => {
  const clock = new ManualClock()
  const { queue, outcomes, enter, finish } = queueOn(clock)
  const { writes } = ruleOf('event').most
  for (let n = 0; n < writes; n++) enter('event', 'placed')
  enter('event', 'first')
  enter('event', 'second')
  await clock.advance(1_900)
  expect(outcomes).toEqual([])
  finish(1)
  await clock.advance(200)
  expect(outcomes).toEqual(['placed done', 'second store-full'])
  expect(queue.lost).toEqual({ refused: 1, dropped: 0 })
})

test('an event is refused at once where as many wait for a place as have one: memory is bounded too', async () => {
  const clock = new ManualClock()
  const { queue, outcomes, enter } = queueOn(clock)
  for (let n = 0; n < 2 * ruleOf('event').most.writes; n++) enter('event', 'waits')
  enter('event', 'over')
  await clock.advance(0)
  expect(outcomes).toEqual(['over store-full'])
  expect(queue.depth).toBe(2 * ruleOf('event').most.writes)
  queue.refuseWaiting({ problem: { code: 'closed' } })
  expect(queue.depth).toBe(0)
})

test('the oldest metric gives way to the newest, and is counted', async () => {
  const clock = new ManualClock()
  const { queue, outcomes, enter } = queueOn(clock)
  for (let n = 0; n < ruleOf('metric').most.writes; n++) enter('metric', `${n}`)
  enter('metric', 'newest')
  await clock.advance(0)
  expect(outcomes).toEqual(['0 store-dropped'])
  expect(queue.lost).toEqual({ refused: 0, dropped: 1 })
})

test('a flood of one class keeps no other out', async () => {
  const clock = new ManualClock()
  const { outcomes, enter, finish } = queueOn(clock)
  for (const flood of ['metric', 'event', 'journal'] as const) {
    for (let n = 0; n < 2 * ruleOf(flood).most.writes + 10; n++) enter(flood, 'flood')
  }
  await clock.advance(0)
  outcomes.length = 0
  enter('job', 'an operator acts')
  for (let turn = 0; turn < 10; turn++) finish(10_000)
  await clock.advance(0)
  expect(outcomes).toContain('an operator acts done')
})

test('writes are handed over in the order of the calls, housekeeping only when nothing else waits or seldom', async () => {
  const clock = new ManualClock()
  const { queue, enter } = queueOn(clock)
  for (const name of ['housekeeping', 'housekeeping', 'event', 'metric', 'job'] as const) enter(name, name)
  const classes = () => queue.takeForHandOver().map(({ recordClass }) => recordClass)
  expect(classes()).toEqual(['event', 'metric', 'job', 'housekeeping'])
  expect(classes()).toEqual([])
  for (let id = 1; id <= 5; id++) queue.leave(id, { results: [] })
  enter('event', 'event')
  expect(classes()).toEqual(['event'])
  await clock.advance(100)
  expect(classes()).toEqual(['housekeeping'])
})

test('what the thread had when it died is lost to its caller, and the rest goes to the next', async () => {
  const clock = new ManualClock()
  const { queue, outcomes, enter } = queueOn(clock)
  enter('event', 'in flight')
  queue.takeForHandOver()
  enter('event', 'waits')
  queue.interrupt({ problem: { code: 'store-interrupted' } })
  await clock.advance(0)
  expect(outcomes).toEqual(['in flight store-interrupted'])
  expect(queue.takeForHandOver()).toHaveLength(1)
})

test('on a real store: a full class is refused with its reason while an operator’s write goes through', async () => {
  using folder = temporaryFolder()
  const notes = {
    owner: 'notes',
    migrations: [{ version: 1, what: 'notes', sql: 'CREATE TABLE notes (text TEXT NOT NULL)' }],
  }
  const schemas = { control: [notes], messages: [notes] }
  await using store = await openStore({
    directory: join(folder.path, 'store'),
    schemas,
    runtime: testRuntime(),
    clock: systemClock(),
    logger: silentLogger,
  })
  const add = [{ sql: 'INSERT INTO notes VALUES (?)', values: ['x'] }]
  const { writes: most } = ruleOf('journal').most
  const writes = Array.from({ length: most }, () => store.messages.write(add, 'journal'))
  await expect(store.messages.write(add, 'journal')).rejects.toMatchObject({
    problem: { code: 'store-full', retryable: true },
  })
  expect(store.statistics()).toMatchObject({ refused: 1, queue: { depth: most } })
  await Promise.all([store.messages.write(add, 'outbox'), store.control.write(add, 'job'), ...writes])
  const { commit, queue, databases } = store.statistics()
  expect(queue.depth).toBe(0)
  expect(commit.count).toBe(most + 2)
  expect(commit.p99).toBeGreaterThanOrEqual(commit.p50)
  expect(databases.messages).toMatchObject({ state: 'open', note: null, limitBytes: 4 * 1024 ** 3 })
  expect(databases.messages.walBytes).toBeGreaterThan(4096)
})
