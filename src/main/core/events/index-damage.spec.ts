import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkDatabase } from '#core/store/index.ts'
import { eventDraft, eventRig } from '../../../../test/support/event-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { findProgram } from '../../../../test/support/needs.ts'
import { testRuntime } from '../../../../test/support/runtime.ts'
import { until } from '../../../../test/support/until.ts'

const faults = {
  'words that were overwritten': 'UPDATE events_text_data SET block = zeroblob(length(block)) WHERE id > 100',
  'its structure overwritten': 'UPDATE events_text_data SET block = randomblob(length(block)) WHERE id = 10',
  // One level with 2^30 segments (a varint), for which FTS5 asks for 40 GB.
  'a structure that asks for all memory':
    "UPDATE events_text_data SET block = x'0000000001010000848080800000000000' WHERE id = 10",
  'words that are gone': 'DELETE FROM events_text_data WHERE id > 100',
} as const

/** Its own tables are closed to this process by SQLite; another program opens them by its own risk. */
function spoil(directory: string, sql: string): void {
  execFileSync('sqlite3', ['-cmd', '.dbconfig defensive off', join(directory, 'control.db'), sql])
}

for (const [what, sql] of Object.entries(faults)) {
  test.skipIf(findProgram('sqlite3') === null)(
    `a damaged index of words (${what}) costs no event: a search answers from the log, and it is made anew`,
    async () => {
      using folder = temporaryFolder()
      await using rig = await eventRig({ directory: folder.path })
      for (let n = 0; n < 1_000; n++) rig.log.emit(eventDraft({ message: `lamp ${n} was lit in room ${n % 7}` }))
      await rig.log.settled()
      await rig.indexer.caughtUp()
      await rig.store.settled()
      spoil(folder.path, sql)

      const checked = await checkDatabase(testRuntime(), join(folder.path, 'control.db'), { kind: 'full' })
      expect(checked).toMatchObject({ ok: true, problems: [] })
      expect(checked.indexes).not.toEqual([])
      const page = await rig.log.page({ text: 'lamp 42', limit: 50 })
      expect(page.events.map(({ message }) => message)).toContain('lamp 42 was lit in room 0')
      expect((await rig.log.span({ text: 'room' }, 10)).total).toBe(1_000)
      const told = await until('it to be told', async () => {
        const page = await rig.log.page({ kind: 'events.reindexed', limit: 5 })
        return page.events[0]
      })
      expect(told).toMatchObject({ subject: 'store:control', message: expect.stringContaining('No event is lost') })

      await rig.indexer.caughtUp()
      const again = await checkDatabase(testRuntime(), join(folder.path, 'control.db'), { kind: 'full' })
      expect(again).toMatchObject({ ok: true, indexes: [] })
      const indexed = rig.store.control.all<{ rowid: number }>({ sql: 'SELECT rowid FROM events_text' })
      expect(indexed).toHaveLength(1_001)
      expect((await rig.log.span({}, 10)).total).toBe(1_001)
      expect((await rig.log.page({ text: 'lamp 42', limit: 50 })).events).toHaveLength(11)
      expect(rig.store.opened.control.how, 'nothing was replaced').toBe('new')
    },
  )
}

test.skipIf(findProgram('sqlite3') === null)(
  'damage of the index that only the indexer meets has it made anew too',
  async () => {
    using folder = temporaryFolder()
    {
      await using before = await eventRig({ directory: folder.path })
      for (let n = 0; n < 300; n++) before.log.emit(eventDraft({ message: `lamp ${n}` }))
      await before.log.settled()
      await before.indexer.caughtUp()
    }
    spoil(folder.path, faults['its structure overwritten'])
    await using rig = await eventRig({ directory: folder.path })
    await rig.log.record(eventDraft({ message: 'one more lamp' }))
    await until('the whole log is indexed anew', async () => {
      await rig.indexer.caughtUp()
      const row = rig.store.control.get<{ to: number }>({ sql: 'SELECT indexed_to AS "to" FROM events_index' })
      return (row?.to ?? 0) > 301
    })
    expect((await rig.log.page({ text: 'lamp', limit: 500 })).events).toHaveLength(301)
  },
)
