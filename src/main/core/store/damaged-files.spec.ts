import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import {
  addNote,
  allNotes,
  killedStore,
  spoil,
  storeOptions,
  storeWithNotes,
} from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

type Fault = readonly [what: string, damage: (path: string) => void]

const atOpening: readonly Fault[] = [
  ['flipped bytes in its header', (path) => spoil(path, (bytes) => bytes.fill(0xa5, 0, 40))],
  ['flipped bytes in its root page', (path) => spoil(path, (bytes) => bytes.fill(0xa5, 100, 900))],
  ['text in its place', (path) => writeFileSync(path, 'coffee was spilled here '.repeat(1000))],
  ['no bytes', (path) => truncateSync(path, 0)],
  ['no file', (path) => rmSync(path)],
  [
    'a folder in its place',
    (path) => {
      rmSync(path)
      mkdirSync(path)
    },
  ],
]

for (const name of ['control', 'messages'] as const) {
  for (const [what, damage] of atOpening) {
    test(`a ${name} database with ${what} is replaced by its copy at opening, and said to be`, async () => {
      using folder = temporaryFolder()
      const options = storeOptions(folder.path)
      await storeWithNotes(options, { notes: 60, copied: true })
      const path = join(folder.path, `${name}.db`)
      damage(path)
      await using store = await openStore(options)
      const opened = store.opened[name]
      if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
      expect(opened).toMatchObject({ source: 'copy', standIns: [] })
      expect(opened.reason).toContain('is missing; it is in the quarantined file only')
      expect(store[name].all(allNotes)).toHaveLength(60)
      const [written] = await store[name].write(addNote(Date.now(), 'it goes on'), 'job')
      expect(written?.lastInsertRowid).toBeGreaterThan(Date.now() - 3_600_000)
      expect(store.upkeep.untold()).toMatchObject([{ database: name, kind: 'recovered', data: { source: 'copy' } }])
      const why = JSON.parse(readFileSync(join(opened.quarantined, 'why.json'), 'utf8'))
      expect(why).toMatchObject({ database: name, outcome: opened.reason })
    })
  }

  for (const [what, damage] of [
    ['flipped bytes in a leaf', (path: string) => spoil(path, (bytes) => bytes.fill(0xa5, 4096 * 6, 4096 * 7))],
    ['its last pages cut off', (path: string) => truncateSync(path, statSync(path).size - 4096 * 3)],
  ] as const) {
    test(`a ${name} database with ${what} and no copy is salvaged after an unclean exit, and said to be partial`, async () => {
      using folder = temporaryFolder()
      const options = storeOptions(folder.path)
      await storeWithNotes(options, { notes: 200 })
      await killedStore(folder.path, { notes: 1 })
      damage(join(folder.path, `${name}.db`))
      await using store = await openStore(options)
      const opened = store.opened[name]
      if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
      expect(opened.source).toBe('salvage')
      expect(opened.reason).toMatch(/no good copy.* rows of notes. This is partial/)
      const kept = store[name].all(allNotes).length
      expect(kept).toBeGreaterThan(100)
      expect(kept).toBeLessThan(200)
      expect(existsSync(join(opened.quarantined, `${name}.db`))).toBe(true)
    })
  }
}

test('a header alone that is damaged loses no row, even without a copy', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(folder.path)
  await storeWithNotes(options, { notes: 200 })
  spoil(join(folder.path, 'control.db'), (bytes) => bytes.fill(0xff, 0, 60))
  await using store = await openStore(options)
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'salvage' })
  expect(store.control.all(allNotes)).toHaveLength(200)
})

test('rubbish without a copy ends in an empty database that says what is missing', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(folder.path)
  await storeWithNotes(options, { notes: 5 })
  writeFileSync(join(folder.path, 'control.db'), 'rubbish '.repeat(2000))
  await using store = await openStore(options)
  const opened = store.opened.control
  if (opened.how !== 'replaced') throw new Error(`opened ${opened.how}`)
  expect(opened).toMatchObject({ source: 'empty', lost: { from: null } })
  expect(opened.reason).toContain('a new, empty one took its place. Everything recorded up to')
  expect(store.control.all(allNotes)).toEqual([])
})
