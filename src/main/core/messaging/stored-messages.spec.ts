import { describe, expect, it } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { machineOf } from '../../../../test/support/store-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { StoredMessages } from './stored-messages.ts'
import { insertRows, journalTable, messagingSchema, quarantineTable } from './tables.ts'

const minute = 60_000
const hour = 60 * minute

async function journalOf(folder: string, clock: ManualClock): Promise<Store> {
  return openStore({
    directory: folder,
    schemas: { control: [], messages: [messagingSchema] },
    runtime: testRuntime(),
    clock,
    machine: machineOf(clock),
    logger: silentLogger,
  })
}

describe('Journal and quarantine', () => {
  it('page newest first, by route and by topic', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    const values = Array.from({ length: 523 }, (_, n) => [
      n,
      n % 2 ? 'odd' : 'even',
      `t/${n % 5}`,
      String(n),
      null,
      null,
      null,
    ]).flat()
    await store.messages.write(insertRows(journalTable, values), 'journal')
    const first = await stored.journal({ limit: 3 })
    expect(first.rows.map(({ payload }) => payload)).toEqual(['522', '521', '520'])
    expect(first.more).toBe(true)
    const before = first.rows.at(-1)?.seq
    expect((await stored.journal({ before, route: 'odd', limit: 2 })).rows.map(({ payload }) => payload)).toEqual([
      '519',
      '517',
    ])
    const topic = await stored.journal({ topic: 't/1', route: 'odd', limit: 100 })
    expect(topic.rows.map(({ payload }) => Number(payload) % 10)).toEqual(Array.from({ length: 53 }, () => 1))
    expect(topic.more).toBe(false)
  })

  it('look for a topic beside everything else, and give large payloads in shorter pages, cut', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    const large = 'x'.repeat(200_000)
    const rows = Array.from({ length: 100 }, (_, n) => [n, 'r', `t/${n % 2}`, large, null, null, null]).flat()
    await store.messages.write(insertRows(journalTable, rows), 'journal')
    const all = store.messages.all
    store.messages.all = () => {
      throw new Error('read on the thread that answers the operator')
    }
    const page = await stored.journal({ topic: 't/1', limit: 100 })
    expect(page.rows).toHaveLength(50)
    expect(page.rows[0]).toMatchObject({ at: 99, bytes: 200_000, payload: 'x'.repeat(64 * 1024) })
    const whole = await stored.journal({ limit: 100 })
    expect([whole.rows.length, whole.more]).toEqual([64, true])
    store.messages.all = all
  })

  it('show payloads with a NUL whole, and cut none in the middle of a character', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    const payloads = ['a\u0000b', 'é'.repeat(40_000), new Uint8Array([0, 255]), '']
    const journal = payloads.flatMap((payload, n) => [n, 'r', 't', payload, null, null, null])
    await store.messages.write(insertRows(journalTable, journal), 'journal')
    const rest = quarantineTable.columns.slice(5).map(() => null)
    const quarantine = payloads.flatMap((payload, n) => [n, 'r', 't', payload, 'why', ...rest])
    await store.messages.write(insertRows(quarantineTable, quarantine), 'journal')
    const seen = [
      { payload: '', encoding: 'utf8' },
      { payload: '00ff', encoding: 'hex' },
      { payload: 'é'.repeat(32_768), encoding: 'utf8', bytes: 80_000 },
      { payload: 'a\u0000b', encoding: 'utf8', bytes: 3 },
    ]
    expect((await stored.journal({ limit: 9 })).rows).toMatchObject(seen)
    expect(stored.quarantine({ limit: 9 }).rows).toMatchObject(seen)
  })

  it('keep each route’s rows as long as it says, also when the route is gone, by the time that the console has seen pass', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    await stored.keep([
      route('short', { to: [{ kind: 'journal', keepMs: hour }] }),
      route('long', { to: [{ kind: 'journal', keepMs: 5 * hour }] }),
    ])
    const began = clock.monotonic()
    const rows = Array.from({ length: 2_500 }, () => [clock.wall(), 'short', 't', 'x', null, null, null]).flat()
    await store.messages.write(
      insertRows(journalTable, [...rows, clock.wall(), 'long', 't', 'x', null, null, null]),
      'journal',
    )
    await stored.keep([])
    const left = async () => (await stored.journal({ limit: 1 })).rows[0]?.route
    const rowsLeft = () => store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM journal' })?.n

    // Ten years ahead, and everything is still there until an hour has passed in truth.
    clock.jumpWall(10 * 365 * 24 * hour)
    await passing(clock, store, 55 * minute)
    expect(rowsLeft()).toBe(2_501)
    await passes(clock, 'the short ones to go', () => rowsLeft() === 1)
    expect(await left()).toBe('long')
    expect(clock.monotonic() - began).toBeGreaterThan(hour)
    expect(store.statistics().deleted).toEqual({ journal: 2_500 })
    // Back again: what was written under the wrong clock ends as any other, and no sooner.
    await store.messages.write(insertRows(journalTable, [clock.wall(), 'short', 't', 'y', null, null, null]), 'journal')
    const written = clock.monotonic()
    clock.jumpWall(-10 * 365 * 24 * hour)
    await passes(clock, 'that to go', () => rowsLeft() === 1)
    expect(clock.monotonic() - written).toBeGreaterThan(hour)
    await passes(clock, 'all to be gone', () => rowsLeft() === 0)
    expect(clock.monotonic() - began).toBeGreaterThan(5 * hour)
    const ages = () => store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM journal_ages' })?.n
    await passes(clock, 'what says nothing more to be forgotten', () => ages() === 1)
  })

  it('lose nothing to a sequence that goes on far above, as after a recovery', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    await stored.keep([route('r', { to: [{ kind: 'journal', keepMs: 24 * hour }] })])
    const rows = (count: number) => Array.from({ length: count }, (_, n) => [n, 'r', 't', 'x', null, null, null]).flat()
    const kept = Array.from({ length: 50 }, (_, n) => [n, 'r', 't', 'x', 'why', null, null, null, null, null]).flat()
    await store.messages.write(insertRows(journalTable, rows(500)), 'journal')
    await store.messages.write(insertRows(quarantineTable, kept), 'journal')
    await store.messages.write([{ sql: 'UPDATE sqlite_sequence SET seq = 1700000000000' }], 'journal')
    await store.messages.write(insertRows(journalTable, rows(500)), 'journal')
    await store.messages.write(insertRows(quarantineTable, kept), 'journal')
    await passing(clock, store, 2 * hour)
    expect((await stored.journal({ limit: 2_000 })).rows.length).toBe(1_000)
    expect(stored.quarantine({ limit: 2_000 }).rows.length).toBe(100)
    const left = () => store.messages.get({ sql: 'SELECT 1 FROM journal LIMIT 1' })
    await passes(clock, 'its time to be over', () => left() === undefined)
    expect(clock.monotonic()).toBeGreaterThan(24 * hour)
    expect(stored.quarantine({ limit: 2_000 }).rows.length).toBe(100)
  })

  it('hold at most 10,000 messages in quarantine, the newest', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    const values = Array.from({ length: 11_500 }, (_, n) => [
      n,
      'r',
      't',
      new Uint8Array([n % 256]),
      'why',
      null,
      null,
      null,
      null,
      null,
    ]).flat()
    await store.messages.write(insertRows(quarantineTable, values), 'journal')
    await until('the oldest to be gone', async () => {
      await clock.advance(5_000)
      return store.statistics().deleted.quarantine === 1_500
    })
    const newest = stored.quarantine({ limit: 1 }).rows[0]
    expect(newest).toMatchObject({ at: 11_499, encoding: 'hex', payload: 'eb' })
    expect(stored.quarantine({ before: 1_502, limit: 10 }).rows.map(({ id }) => id)).toEqual([1_501])
  })

  it('stay within the size of their database under a flood: the quarantine gives way first, then the oldest rows', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store, clock, silentLogger)
    const limit = 8 * 1024 ** 2
    store.setLimits({ control: 1024 ** 3, messages: limit })
    const inUse = () => {
      const sql =
        'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()'
      return store.messages.get<{ bytes: number }>({ sql })?.bytes ?? 0
    }
    const wrong = Array.from({ length: 500 }, () => [
      0,
      'r',
      't',
      'x'.repeat(500),
      'why',
      null,
      null,
      null,
      null,
      null,
    ]).flat()
    await store.messages.write(insertRows(quarantineTable, wrong), 'journal')
    const flood = Array.from({ length: 6_000 }, () => [0, 'r', 't', 'x'.repeat(500), null, null, null]).flat()
    for (let round = 0; round < 5; round++) {
      await store.messages.write(insertRows(journalTable, flood), 'journal')
      await until('room to be made', async () => {
        await clock.advance(5_000)
        return inUse() <= limit * 0.9
      })
    }
    expect(stored.quarantine({ limit: 1 }).rows).toEqual([])
    expect((await stored.journal({ limit: 1 })).rows[0]?.seq).toBe(30_000)
    expect(store.messages.get<{ n: number }>({ sql: 'SELECT count(*) AS n FROM journal' })?.n).toBeGreaterThan(5_000)
    expect(store.statistics().databases.messages.limitBytes).toBe(limit)
  })
})

/** Lets time pass in steps, with what the store does meanwhile. */
async function passing(clock: ManualClock, store: Store, ms: number): Promise<void> {
  for (const end = clock.monotonic() + ms; clock.monotonic() < end; ) {
    await clock.advance(5 * minute)
    for (let turn = 0; turn < 3; turn++) await store.settled()
  }
}

async function passes(clock: ManualClock, what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  await until(what, async () => {
    await clock.advance(5 * minute)
    return done()
  })
}
