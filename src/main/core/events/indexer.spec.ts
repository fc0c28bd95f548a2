import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { eventDraft as draft, type EventRig, eventRig } from '../../../../test/support/event-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { builtPrograms } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'
import type { EventSpan } from './index.ts'

const day = 86_400_000

/** Many events at once, as they would have been recorded: every tenth is a warning, `at` moves by `everyMs`. */
async function fill({ store, clock }: EventRig, count: number, everyMs = 1_000): Promise<void> {
  const sql = `
    INSERT INTO events (id, at, kind, area, subject, severity, message, cause, cause_event, operation, data)
    SELECT 'ev-' || hex(randomblob(8)), @at + value * @every, 'probe.failed', 'probe', 'service:' || (value % 3),
      CASE WHEN value % 10 = 0 THEN 2 ELSE 0 END, 'lamp ' || value, '{"type":"console","why":"test"}', NULL, NULL, '{}'
    FROM (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < @count) SELECT value FROM n)`
  await store.control.write([{ sql, values: { at: clock.wall(), every: everyMs, count } }], 'event')
}

const indexedTo = ({ store }: EventRig) =>
  store.control.get<{ to: number }>({ sql: 'SELECT indexed_to AS "to" FROM events_index' })?.to

/** What the counts say, against what is in the table. */
async function expectTrueCounts({ store, log }: EventRig): Promise<EventSpan> {
  const span = await log.span({}, 100)
  const rows = store.control.all<{ seq: number; at: number; severity: number }>({
    sql: 'SELECT seq, at, severity FROM events ORDER BY seq',
  })
  const buckets = new Map<number, { at: number; firstSeq: number; lastSeq: number; counts: number[] }>()
  const begin = span.buckets[0]?.at ?? 0
  for (const { seq, at, severity } of rows) {
    const start = begin + Math.floor((at - begin) / span.bucketMs) * span.bucketMs
    const bucket = buckets.get(start) ?? { at: start, firstSeq: seq, lastSeq: seq, counts: [0, 0, 0, 0, 0] }
    buckets.set(start, bucket)
    bucket.lastSeq = seq
    bucket.counts[severity] = (bucket.counts[severity] ?? 0) + 1
  }
  expect(span.buckets).toEqual([...buckets.values()].sort((a, b) => a.at - b.at))
  expect(span.buckets.length).toBeLessThanOrEqual(100)
  expect(span).toMatchObject({
    total: rows.length,
    oldest: { seq: rows[0]?.seq, at: rows[0]?.at },
    newest: { seq: rows.at(-1)?.seq, at: rows.at(-1)?.at },
    countedFrom: null,
  })
  return span
}

/** The words of every event are found once, and of none that is gone. */
async function expectTrueIndex({ store, log }: EventRig): Promise<void> {
  const rows = store.control.all<{ seq: number }>({ sql: 'SELECT seq FROM events ORDER BY seq DESC' })
  const found: number[] = []
  for (let before: number | undefined; ; ) {
    const page = await log.page({ text: 'lamp', limit: 1_000, ...(before !== undefined && { before }) })
    found.push(...page.events.map(({ seq }) => seq))
    if (page.reached === null) break
    before = page.reached
  }
  expect(found).toEqual(rows.map(({ seq }) => seq))
  const indexed = store.control.all({ sql: 'SELECT 1 FROM events_text' })
  expect(indexed).toHaveLength(rows.filter(({ seq }) => seq <= (indexedTo({ store } as EventRig) ?? 0)).length)
}

test('events are indexed by themselves a moment after they were recorded, in batches with pauses', async () => {
  await using rig = await eventRig()
  await fill(rig, 500)
  expect(indexedTo(rig)).toBe(0)
  await rig.clock.advance(1_000)
  await until('the first batch', () => indexedTo(rig) === 200)
  await until('the last batch', async () => {
    await rig.clock.advance(10)
    return indexedTo(rig) === 500
  })
  await rig.log.record(draft({ message: 'lamp' }))
  await until('the new event', async () => {
    await rig.clock.advance(1_000)
    return indexedTo(rig) === 501
  })
  await expectTrueIndex(rig)
  await expectTrueCounts(rig)
})

test('counts are true before, while and after events are indexed, and with a filter', async () => {
  await using rig = await eventRig()
  await fill(rig, 900, 7_000)
  await expectTrueCounts(rig)
  await rig.indexer.caughtUp()
  await fill(rig, 50, 7_000)
  const span = await expectTrueCounts(rig)
  const warnings = await rig.log.span({ atLeast: 'warning' }, 100)
  expect(warnings.buckets).toEqual(
    span.buckets
      .map(({ counts, ...bucket }) => ({
        ...bucket,
        firstSeq: expect.any(Number),
        lastSeq: expect.any(Number),
        counts: [0, 0, counts[2], 0, 0],
      }))
      .filter(({ counts }) => counts[2] !== 0),
  )
  expect(warnings).toMatchObject({ total: 95, bucketMs: span.bucketMs })
  expect((await rig.log.span({ text: 'lamp', subject: 'service:1' }, 100)).total).toBe(317)
  expect((await rig.log.span({ text: 'lamp 900%' }, 100)).total).toBe(0)
  expect(await rig.log.span({ subject: 'nobody' }, 100)).toMatchObject({ total: 0, buckets: [], oldest: null })
})

test('of an empty log there is nothing to count', async () => {
  await using rig = await eventRig()
  expect(await rig.log.span({}, 100)).toMatchObject({ total: 0, buckets: [], oldest: null, newest: null })
})

for (const [what, jump] of [
  ['back by a day', -day],
  ['ahead by a day', day],
  ['ahead by ten years', 3_652 * day],
] as const) {
  test(`a clock that jumps ${what} changes neither order nor pages nor counts nor what is kept`, async () => {
    const clock = new ManualClock()
    await using rig = await eventRig({ clock, limits: { most: 700, mostNotable: 10 } })
    await fill(rig, 400, 60_000)
    await rig.indexer.caughtUp()
    clock.jumpWall(jump)
    await fill(rig, 300, 60_000)
    await rig.indexer.caughtUp()
    const seqs = async () => (await rig.log.page({ limit: 1_000, order: 'oldest' })).events.map(({ seq }) => seq)
    expect(await seqs()).toEqual(Array.from({ length: 700 }, (_, index) => index + 1))
    await expectTrueCounts(rig)
    expect((await rig.log.page({ before: 402, limit: 3 })).events.map(({ seq }) => seq)).toEqual([401, 400, 399])
    clock.jumpWall(-jump)
    await fill(rig, 100, 60_000)
    await rig.indexer.caughtUp()
    // Of the hundred oldest the warnings are kept: they were ten.
    expect(await seqs()).toEqual([
      ...Array.from({ length: 10 }, (_, index) => 10 * (index + 1)),
      ...Array.from({ length: 700 }, (_, index) => index + 101),
    ])
    await expectTrueCounts(rig)
    await expectTrueIndex(rig)
  })
}

test('beyond their number the oldest events kept for their severity go, in small steps, with their words and counts', async () => {
  await using rig = await eventRig({ limits: { most: 300, mostNotable: 25 } })
  await fill(rig, 1_000, 20_000)
  await rig.indexer.caughtUp()
  const seqs = (await rig.log.page({ limit: 1_000, order: 'oldest' })).events.map(({ seq }) => seq)
  expect(seqs).toEqual([
    ...Array.from({ length: 25 }, (_, index) => 460 + 10 * index),
    ...Array.from({ length: 300 }, (_, index) => index + 701),
  ])
  await expectTrueCounts(rig)
  await expectTrueIndex(rig)
})

test('a database that is larger than it may be gives up events down to the fewest, and no more', async () => {
  await using rig = await eventRig({ limits: { mostBytes: 1, fewest: 150 } })
  await fill(rig, 1_000)
  await rig.indexer.caughtUp()
  await expectTrueIndex(rig)
  const span = await expectTrueCounts(rig)
  expect(span.total).toBe(150)
})

test('a flood of events stays within the size of the database, the newest of them; another size counts from then on', async () => {
  const MiB = 1024 ** 2
  let limit = 12 * MiB
  await using rig = await eventRig({ limits: { fewest: 1_000 }, databaseLimit: () => limit })
  const inUse = () => {
    const sql =
      'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()'
    return rig.store.control.get<{ bytes: number }>({ sql })?.bytes ?? 0
  }
  for (let round = 0; round < 4; round++) {
    await fill(rig, 12_000, 10)
    await rig.indexer.caughtUp()
    expect(inUse()).toBeLessThan(limit * 0.9)
  }
  const events = async () => (await rig.log.span({}, 100)).total
  const { newest } = await rig.log.span({}, 100)
  expect(newest?.seq).toBe(48_000)
  const before = await events()
  expect(before).toBeGreaterThan(10_000)
  limit = 8 * MiB
  await rig.indexer.caughtUp()
  expect(inUse()).toBeLessThan(limit * 0.9)
  expect(await events()).toBeLessThan(before)
  await expectTrueCounts(rig)
})

/** A console in another process that records and indexes as fast as it can, in small pieces. */
function indexingConsole(directory: string): { child: ChildProcess; batches: number[] } {
  const script = `
    const { openStore } = await import(process.argv[1]); const platform = await import(process.argv[2])
    const { eventsSchema, openEventLog, openEventIndexer } = await import(process.argv[3])
    const common = { clock: platform.systemClock(), logger: platform.silentLogger }
    const store = await openStore({ ...common, directory: process.argv[4], schemas: { control: [eventsSchema], messages: [] }, runtime: platform.builtRuntime(${JSON.stringify(builtPrograms)}, process.execPath) })
    const log = openEventLog({ ...common, database: store.control })
    const indexer = openEventIndexer({ ...common, database: store.control, onCommitted: () => ({ [Symbol.dispose]() {} }), reindex: (why) => log.reindex(why), limits: { most: 2000, mostNotable: 100 } })
    for (let n = 1; ; n++) {
      for (let k = 0; k < 150; k++) log.emit({ kind: 'test.made', subject: 'site', severity: k % 10 ? 'info' : 'warning', message: 'lamp ' + n, cause: { type: 'console', why: 'test' } })
      await log.settled(); await indexer.caughtUp(); process.stdout.write(n + '\\n')
    }`
  const modules = ['../store/index.ts', '../platform/index.ts', './index.ts']
  const urls = modules.map((path) => new URL(path, import.meta.url).href)
  const args = ['--input-type=module', '-e', script, ...urls, directory]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const batches: number[] = []
  createInterface(child.stdout).on('line', (line) => batches.push(Number(line)))
  return { child, batches }
}

test('kill -9 between batches or within one leaves neither a gap nor an event indexed or counted twice', async () => {
  using folder = temporaryFolder()
  for (const batches of [3, 12]) {
    const console = indexingConsole(folder.path)
    using _child = { [Symbol.dispose]: () => void console.child.kill('SIGKILL') }
    await until(`${batches} batches`, () => console.batches.length >= batches)
    console.child.kill('SIGKILL')
    await once(console.child, 'close')
    await using rig = await eventRig({ directory: folder.path, limits: { most: 2_000, mostNotable: 100 } })
    await expectTrueIndex(rig)
    await expectTrueCounts(rig)
    await rig.indexer.caughtUp()
    await expectTrueIndex(rig)
    await expectTrueCounts(rig)
  }
})

test('a batch whose fate is unknown is not indexed twice: the position says that it was done', async () => {
  await using rig = await eventRig()
  await fill(rig, 300)
  const batch = { sql: 'UPDATE events_index SET indexed_to = CASE WHEN indexed_to = ? THEN ? END', values: [7, 200] }
  await expect(rig.store.control.write([batch], 'housekeeping')).rejects.toMatchObject({
    problem: { code: 'store-refused' },
  })
  await rig.indexer.caughtUp()
  await expectTrueIndex(rig)
})

test('when it is closed while it works, the indexer ends with its batch and leaves no timer', async () => {
  const rig = await eventRig()
  await fill(rig, 1_000)
  const working = rig.indexer.caughtUp()
  await rig.indexer[Symbol.asyncDispose]()
  await working
  expect(indexedTo(rig)).toBeLessThan(1_000)
})

test('after a salvage events are indexed and counted anew, not twice', async () => {
  using folder = temporaryFolder()
  const clock = new ManualClock()
  {
    await using rig = await eventRig({ directory: folder.path, clock })
    await fill(rig, 400)
    await rig.indexer.caughtUp()
  }
  // The header alone: every row comes out.
  const path = join(folder.path, 'control.db')
  writeFileSync(path, readFileSync(path).fill(0xff, 0, 60))
  await using rig = await eventRig({ directory: folder.path, clock })
  expect(rig.store.opened.control).toMatchObject({ how: 'replaced', source: 'salvage' })
  await rig.indexer.caughtUp()
  await expectTrueCounts(rig)
  await expectTrueIndex(rig)
})
