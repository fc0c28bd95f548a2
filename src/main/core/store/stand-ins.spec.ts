import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { addNote, filesIn, storeOptions, storeWithNotes } from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'
import { patiently } from './patience.ts'
import type { StoreReport } from './recovery-record.ts'
import { standInPaths } from './stand-in.ts'

/** The one place that a report names. */
const placeOf = (report: StoreReport | undefined) => String([report?.data.places].flat()[0])

/** Leaves a stand-in with 5 notes at a path, as a console does whose own disk took nothing more, not even that there is one. */
async function leaveStandIn(path: string, scratch: string, highest: number): Promise<void> {
  await storeWithNotes(storeOptions(scratch), { notes: 5 })
  const database = new Sqlite(join(scratch, 'control.db'))
  database.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'notes'").run(highest)
  database.close()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  execFileSync('mv', [join(scratch, 'control.db'), path])
}

test('a stand-in that is on no record is kept and told of at the next opening, and its sequences are not given again', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(join(folder.path, 'own'))
  await storeWithNotes(options, { notes: 20 })
  const highest = 2 ** 45
  const [path = ''] = standInPaths(options.directory, 'control')
  await leaveStandIn(path, join(folder.path, 'scratch'), highest)
  await using store = await openStore(options)
  expect(store.opened.control).toEqual({ how: 'clean' })
  const [report, ...others] = store.upkeep.untold()
  expect(others).toEqual([])
  expect(report).toMatchObject({ database: 'control', kind: 'stand-in-ended', data: { places: [expect.any(String)] } })
  expect(report?.message).toContain('is kept in')
  const kept = new Sqlite(join(placeOf(report), 'control.stand-in.db'), { readonly: true })
  expect(kept.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(5)
  kept.close()
  expect(existsSync(path)).toBe(false)
  const [written] = await store.control.write(addNote(Date.now(), 'after'), 'job')
  expect(written?.lastInsertRowid).toBeGreaterThan(highest)
})

test('two stand-ins, of a disk that was full for a while, end in one folder, and the sequences of neither are given again', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(join(folder.path, 'own'))
  await storeWithNotes(options, { notes: 20 })
  const highest = 2 ** 45
  for (const [at, path] of standInPaths(options.directory, 'control').entries())
    await leaveStandIn(path, join(folder.path, `scratch-${at}`), at === 0 ? 5 : highest)
  await using store = await openStore(options)
  const [report] = store.upkeep.untold()
  expect(report).toMatchObject({ kind: 'stand-in-ended', data: { places: [expect.stringContaining('quarantine')] } })
  expect(filesIn(placeOf(report)).filter((file) => file.endsWith('.db'))).toEqual([
    'control.stand-in-2.db',
    'control.stand-in.db',
  ])
  const [written] = await store.control.write(addNote(Date.now(), 'after'), 'job')
  expect(written?.lastInsertRowid).toBeGreaterThan(highest)
})

test('a stand-in in the temporary folder of another disk is brought over when it ends', async (context) => {
  using folder = temporaryFolder()
  const disk = join(folder.path, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    context.skip('no other disk can be mounted here: that needs the rights of root')
  }
  try {
    const options = storeOptions(join(disk, 'own'))
    await storeWithNotes(options, { notes: 20 })
    const [, path = ''] = standInPaths(options.directory, 'control')
    await leaveStandIn(path, join(folder.path, 'scratch'), 5)
    await using store = await openStore(options)
    const [report] = store.upkeep.untold()
    expect(report).toMatchObject({ kind: 'stand-in-ended', data: { places: [expect.stringContaining('quarantine')] } })
    expect(filesIn(placeOf(report))).toContain('control.stand-in-2.db')
    expect(filesIn(dirname(path))).toEqual([])
  } finally {
    execFileSync('umount', ['-l', disk])
  }
})

test('where a stand-in cannot be set aside, the database is used all the same, and the report says where it lies', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(join(folder.path, 'own'))
  await storeWithNotes(options, { notes: 20 })
  const [path = ''] = standInPaths(options.directory, 'control')
  await leaveStandIn(path, join(folder.path, 'scratch'), 5)
  // Where the quarantine should be there is something else.
  renameSync(join(folder.path, 'scratch', 'messages.db'), join(options.directory, 'quarantine'))
  await using store = await openStore(options)
  expect(store.opened.control).toEqual({ how: 'clean' })
  expect(store.upkeep.untold()).toMatchObject([{ kind: 'stand-in-ended', data: { places: [path] } }])
  expect(existsSync(path)).toBe(true)
})

test('what fails for a moment is done again, and what fails for good is told with its last error', async () => {
  let left = 2
  const work = () => {
    if (left-- > 0) throw new Error(`${left} more`)
    return 'done'
  }
  expect(await patiently(work, () => true, [0, 0])).toBe('done')
  left = 3
  await expect(patiently(work, () => true, [0, 0])).rejects.toThrow('0 more')
  left = 2
  await expect(patiently(work, () => false, [0, 0])).rejects.toThrow('1 more')
})
