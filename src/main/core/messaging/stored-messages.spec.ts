import { describe, expect, it } from 'vitest'
import { silentLogger, sourceRuntime } from '#core/platform/index.ts'
import { openStore, type Store } from '#core/store/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { route } from '../../../../test/support/messaging-rig.ts'
import { until } from '../../../../test/support/until.ts'
import { StoredMessages } from './stored-messages.ts'
import { insertRows, journalTable, messagingSchema, quarantineTable } from './tables.ts'

async function journalOf(folder: string, clock: ManualClock): Promise<Store> {
  return openStore({
    directory: folder,
    schemas: { control: [], messages: [messagingSchema] },
    runtime: sourceRuntime(),
    clock,
    logger: silentLogger,
  })
}

describe('Journal and quarantine', () => {
  it('page newest first, by route and by topic', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store.messages, clock, silentLogger)
    const values = Array.from({ length: 523 }, (_, n) => [n, n % 2 ? 'odd' : 'even', `t/${n % 5}`, String(n)]).flat()
    await store.messages.write(insertRows(journalTable, values), 'journal')
    const first = stored.journal({ limit: 3 })
    expect(first.rows.map(({ payload }) => payload)).toEqual(['522', '521', '520'])
    expect(first.more).toBe(true)
    const before = first.rows.at(-1)?.seq
    expect(stored.journal({ before, route: 'odd', limit: 2 }).rows.map(({ payload }) => payload)).toEqual([
      '519',
      '517',
    ])
    const topic = stored.journal({ topic: 't/1', route: 'odd', limit: 100 })
    expect(topic.rows.map(({ payload }) => Number(payload) % 10)).toEqual(Array.from({ length: 53 }, () => 1))
    expect(topic.more).toBe(false)
  })

  it('keep each route’s rows as long as it says, also when the route is gone, a little at a time', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store.messages, clock, silentLogger)
    await stored.keep([
      route('short', { to: [{ kind: 'journal', keepMs: 60_000 }] }),
      route('long', { to: [{ kind: 'journal', keepMs: 600_000 }] }),
    ])
    const at = clock.wall()
    const rows = Array.from({ length: 2_500 }, () => [at, 'short', 't', 'x']).flat()
    await store.messages.write(insertRows(journalTable, [...rows, at, 'long', 't', 'x']), 'journal')
    await stored.keep([])
    expect(await stored.sweep()).toBe(0)
    await clock.advance(61_000)
    await stored.sweep()
    expect(stored.journal({ limit: 10 }).rows[0]?.route).toBe('long')
    await until('all to be gone, by itself', async () => {
      await clock.advance(60_000)
      return stored.journal({ limit: 10 }).rows.length === 0
    })
    expect(clock.wall() - at).toBeGreaterThan(600_000)
  })

  it('hold at most 10,000 messages in quarantine, the newest', async () => {
    using folder = temporaryFolder()
    const clock = new ManualClock()
    await using store = await journalOf(folder.path, clock)
    using stored = new StoredMessages(store.messages, clock, silentLogger)
    const values = Array.from({ length: 11_500 }, (_, n) => [n, 'r', 't', new Uint8Array([n % 256]), 'why']).flat()
    await store.messages.write(insertRows(quarantineTable, values), 'journal')
    expect(await stored.sweep()).toBe(1_500)
    const newest = stored.quarantine({ limit: 1 }).rows[0]
    expect(newest).toMatchObject({ at: 11_499, encoding: 'hex', payload: 'eb' })
    expect(stored.quarantine({ before: 1_502, limit: 10 }).rows.map(({ id }) => id)).toEqual([1_501])
  })
})
