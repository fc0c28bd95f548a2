import { expect, test } from 'vitest'
import { sampleStore } from '../../testing/sample-store.ts'
import { newestCopyAt, standInOf, storeLimit, storeTrouble } from './store-words.ts'

test('an open store has nothing to say on every page; every other state does', () => {
  expect(storeTrouble('open', null)).toBeNull()
  for (const state of ['read-only', 'recovering', 'stand-in', 'failed'] as const) {
    expect(storeTrouble(state, 'Because.')).toMatchObject({ note: 'Because.', lead: expect.stringMatching(/\.$/) })
  }
})

test('the banner has the first sentence of a long note', () => {
  const note = 'The control database (v. 3) was replaced 3 times. It is recovered when you order it.'
  expect(storeTrouble('stand-in', note, true)?.meaning).toContain('goes back to the database by itself')
  expect(storeTrouble('stand-in', note)?.note).toBe('The control database (v. 3) was replaced 3 times.')
})

test('the limit is that of all databases, the newest copy that of any', () => {
  const store = sampleStore(10_000_000)
  expect(storeLimit(store)).toBe(2_512_000_000)
  expect(newestCopyAt(store)).toBe(10_000_000 - 2 * 3_600_000)
  expect(newestCopyAt({ ...store, databases: [] })).toBeNull()
})

test('Recover… of the banner is about the database that has a stand-in', () => {
  const store = sampleStore(0)
  const databases = store.databases.map((database) =>
    database.name === 'messages' ? { ...database, state: 'stand-in' as const } : database,
  )
  expect(standInOf({ ...store, databases })).toBe('messages')
})
