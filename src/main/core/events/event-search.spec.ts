import { expect, test } from 'vitest'
import { eventDraft as draft, type EventRig, eventRig } from '../../../../test/support/event-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { type EventQuery, eventsSchema } from './index.ts'

const seqs = async ({ log }: EventRig, query: Partial<EventQuery>) =>
  (await log.page({ limit: 9, ...query })).events.map(({ seq }) => seq)

/** Events that the searches below are about. */
async function recordSome({ log }: EventRig): Promise<void> {
  log.emit(draft({ message: 'Could not reach 10.0.0.1:1883; the disk is at 100%.', severity: 'error' })) // 1
  log.emit(draft({ message: 'After 100 ms api was ready_now.' })) // 2
  log.emit(draft({ kind: 'service.exited', subject: 'service:kiosk', message: 'Kiosk "beside" the café exited.' })) // 3
  log.emit(draft({ kind: 'services.counted', subject: 'site', message: 'All 4 run.', severity: 'warning' })) // 4
  log.emit(
    draft({ kind: 'backup.completed', subject: 'job:jb-1', message: 'Backed up to /srv/back-up.', operation: 'jb-1' }),
  ) // 5
  await log.settled()
}

const searches: readonly [Partial<EventQuery>, readonly number[]][] = [
  [{ text: 'reach disk' }, [1]],
  [{ text: 'exit kiosk' }, [3]],
  [{ text: 'service:api' }, [2, 1]],
  [{ text: '10.0.0.1:1883' }, [1]],
  [{ text: '100%' }, [1]],
  [{ text: '100' }, [2, 1]],
  [{ text: 'ready_' }, [2]],
  [{ text: 'CAFE' }, [3]],
  [{ text: '"beside"' }, [3]],
  [{ text: '/srv/back-up' }, [5]],
  [{ text: 'backup.completed' }, [5]],
  [{ text: 'r' }, [4, 2, 1]],
  [{ text: '' }, [5, 4, 3, 2, 1]],
  [{ text: '  ' }, [5, 4, 3, 2, 1]],
  [{ text: '%' }, [1]],
  [{ text: 'kiosk*' }, [3]],
  [{ text: 'NOT kiosk' }, []],
  [{ text: 'a OR b' }, []],
  [{ text: '") OR message : ("' }, []],
  [{ text: 'NEAR(api kiosk)' }, []],
  [{ text: '\u0000"' }, []],
  [{ text: 'service', subject: 'service:kiosk' }, [3]],
  [{ text: 'service', atLeast: 'warning' }, [4, 1]],
  [{ text: 'service', kind: 'service.' }, [3, 2, 1]],
  [{ text: 'back', operation: 'jb-1' }, [5]],
  [{ text: 'service', order: 'oldest' }, [1, 2, 3, 4]],
  [{ text: 'service', before: 4, limit: 2 }, [3, 2]],
  [{ text: 'service', after: 1, limit: 2 }, [2, 3]],
  [{ text: 'service', after: 1, before: 4 }, [3, 2]],
  [{ kind: 'service.', order: 'oldest' }, [1, 2, 3]],
  [{ kind: 'service', atLeast: 'warning', subject: 'site' }, [4]],
  [{ atLeast: 'notice' }, [4, 1]],
  [{ kind: 'nothing.' }, []],
]

test('what is found is the same before the words are indexed, while some are, and afterwards', async () => {
  await using rig = await eventRig()
  await recordSome(rig)
  for (const [query, expected] of searches) expect(await seqs(rig, query), JSON.stringify(query)).toEqual(expected)
  await rig.indexer.caughtUp()
  for (const [query, expected] of searches) expect(await seqs(rig, query), JSON.stringify(query)).toEqual(expected)
  await rig.log.record(draft({ message: 'The kiosk is back.' }))
  expect(await seqs(rig, { text: 'kiosk' })).toEqual([6, 3])
  expect(await seqs(rig, { text: 'kiosk', order: 'oldest' })).toEqual([3, 6])
  expect(await seqs(rig, { text: 'kiosk', order: 'oldest', limit: 1 })).toEqual([3])
})

test('a search goes on from page to page through the indexed and the not yet indexed, in both orders', async () => {
  await using rig = await eventRig()
  for (let n = 1; n <= 60; n++) rig.log.emit(draft({ message: n % 3 === 0 ? `lamp ${n}` : `other ${n}` }))
  await rig.log.settled()
  await rig.indexer.caughtUp()
  for (let n = 61; n <= 90; n++) rig.log.emit(draft({ message: n % 3 === 0 ? `lamp ${n}` : `other ${n}` }))
  await rig.log.settled()
  const lamps = Array.from({ length: 30 }, (_, index) => 3 * (index + 1))
  for (const order of ['newest', 'oldest'] as const) {
    const found: number[] = []
    for (let from: number | null | undefined; from !== null; ) {
      const cursor = from === undefined ? {} : order === 'newest' ? { before: from } : { after: from }
      const page = await rig.log.page({ text: 'lamp', order, limit: 7, ...cursor })
      found.push(...page.events.map(({ seq }) => seq))
      expect(page.reached === null).toBe(!page.more)
      from = page.reached
    }
    expect(found).toEqual(order === 'newest' ? lamps.toReversed() : lamps)
  }
})

test('words are found far apart: where a database was replaced, sequences go on millions higher', async () => {
  await using rig = await eventRig()
  await rig.log.record(draft({ message: 'lamp one' }))
  await rig.store.control.write(
    [{ sql: "UPDATE sqlite_sequence SET seq = 1767600000000 WHERE name = 'events'" }],
    'event',
  )
  await rig.log.record(draft({ message: 'lamp two' }))
  await rig.log.record(draft({ message: 'lamp three' }))
  await rig.indexer.caughtUp()
  expect(await seqs(rig, { text: 'lamp' })).toEqual([1767600000002, 1767600000001, 1])
  expect(await seqs(rig, { text: 'lamp', order: 'oldest' })).toEqual([1, 1767600000001, 1767600000002])
  expect(await seqs(rig, { text: 'lamp', before: 1767600000002 })).toEqual([1767600000001, 1])
  expect(await seqs(rig, { text: 'lamp', after: 1767600000001 })).toEqual([1767600000002])
})

test('a search that takes too long answers with what it has and where it goes on from', async () => {
  await using rig = await eventRig()
  for (let n = 1; n <= 300; n++) rig.log.emit(draft({ message: n === 1 ? 'the lamp' : `other ${n}` }))
  await rig.log.settled()
  // Every look at the clock takes longer than a search may.
  let now = 0
  const hurried = Object.assign(Object.create(rig.clock), { monotonic: () => (now += 2_000) })
  const { readPage } = await import('./event-page.ts')
  const first = await readPage(rig.store.control, hurried, { text: 'lamp', limit: 5 })
  expect(first).toMatchObject({ events: [], more: true })
  let page = first
  for (let turns = 0; page.events.length === 0 && page.reached !== null && turns < 100; turns++) {
    page = await readPage(rig.store.control, hurried, { text: 'lamp', limit: 5, before: page.reached })
  }
  expect(page.events.map(({ seq }) => seq)).toEqual([1])
})

test('a search that nobody waits for any more is given up', async () => {
  await using rig = await eventRig()
  await recordSome(rig)
  await expect(rig.log.page({ text: 'lamp', limit: 5 }, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
})

test('a log of version 1 is brought up to date with what it holds, and then indexed', async () => {
  using folder = temporaryFolder()
  const first = { ...eventsSchema, migrations: eventsSchema.migrations.slice(0, 1) }
  {
    await using old = await eventRig({ directory: folder.path, schema: first })
    const sql = `INSERT INTO events (id, at, kind, area, subject, severity, message, cause, cause_event, operation, data)
                 VALUES ('ev-1', 1000, 'service.exited', 'service', 'service:kiosk', 3, 'Kiosk exited.', '{"type":"console","why":"x"}', NULL, NULL, '{}')`
    await old.store.control.write([{ sql }], 'event')
  }
  await using rig = await eventRig({ directory: folder.path })
  expect(rig.log.byId('ev-1')).toMatchObject({ seq: 1, severity: 'error' })
  expect(await seqs(rig, { text: 'kiosk' })).toEqual([1])
  expect(await rig.log.span({}, 10)).toMatchObject({ total: 1, indexedTo: 0 })
  await rig.indexer.caughtUp()
  expect(await seqs(rig, { text: 'kiosk', kind: 'service.exited', atLeast: 'error' })).toEqual([1])
  expect(await rig.log.span({}, 10)).toMatchObject({ total: 1, indexedTo: 1, oldest: { seq: 1, at: 1000 } })
})
