import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { smallDisk } from '../../../../test/support/small-disk.ts'
import { addNote, allNotes, storeOptions, storeWithNotes } from '../../../../test/support/store-rig.ts'
import { openStore, type StoreOptions } from './index.ts'

const KiB = 1024

/** Where a stand-in lies when its own disk is full: this test's alone, so that nobody else takes it away or finds it. */
function temporaryFiles(folder: string): void {
  const path = join(folder, 'tmp')
  mkdirSync(path)
  vi.stubEnv('TMPDIR', path)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** Closed properly, with a good copy: taken by hand, because the console's own asks for room that this disk never has. */
async function storeWithCopy(options: StoreOptions, notes: number): Promise<void> {
  await storeWithNotes(options, { notes })
  const { directory } = options
  mkdirSync(join(directory, 'copies'), { recursive: true })
  const copy = join(directory, 'copies', 'control.scheduled.2026-01-05T08-30-00-000Z.db')
  execFileSync('cp', [join(directory, 'control.db'), copy])
}

// Without room for the record of the recovery, for the copy that takes the place, and for all but the last of it.
for (const free of [0, 16 * KiB, 96 * KiB]) {
  test(`a damaged database on a disk with ${free / KiB} KiB left: a stand-in runs and says why, and the copy takes its place when there is room`, async (context) => {
    using folder = temporaryFolder()
    temporaryFiles(folder.path)
    using disk = smallDisk((reason) => context.skip(reason), folder.path)
    const directory = join(disk.path, 'own')
    const options = storeOptions(directory)
    await storeWithCopy(options, 400)
    writeFileSync(join(directory, 'control.db'), Buffer.alloc(60, 0xa5), { flag: 'r+' })
    disk.fill(free)

    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'stand-in' })
    const { state, note } = store.statistics().databases.control
    expect(state).toBe('stand-in')
    expect(note).toContain('could not be recovered, because its disk takes no more')
    expect(store.upkeep.untold().map(({ kind }) => kind)).toContain('stand-in')
    await store.control.write(addNote(1, 'goes on'), 'job')

    disk.empty()
    const replaced = await store.replace('control', 'the operator made room', 'operator')
    expect(replaced).toMatchObject({ how: 'replaced', source: 'copy', standIns: [expect.any(String)] })
    expect(store.statistics().databases.control).toMatchObject({ state: 'open', note: null })
    expect(store.control.all(allNotes)).toHaveLength(400)
    await store.control.write(addNote(2, 'and on'), 'job')
  })
}

test('a stand-in that somebody took away from the temporary folder: the copy takes its place, and what is missing is said', async (context) => {
  using folder = temporaryFolder()
  temporaryFiles(folder.path)
  using disk = smallDisk((reason) => context.skip(reason), folder.path)
  const directory = join(disk.path, 'own')
  const options = storeOptions(directory)
  await storeWithCopy(options, 50)
  writeFileSync(join(directory, 'control.db'), Buffer.alloc(60, 0xa5), { flag: 'r+' })
  disk.fill(0)
  await using store = await openStore(options)
  expect(store.opened.control).toMatchObject({ how: 'stand-in' })

  rmSync(join(folder.path, 'tmp'), { recursive: true })
  disk.empty()
  const replaced = await store.replace('control', 'the operator made room', 'operator')
  expect(replaced).toMatchObject({ how: 'replaced', source: 'copy', standIns: [] })
  expect(replaced).toMatchObject({ reason: expect.stringContaining('the stand-in could not be kept with it') })
  expect(store.control.all(allNotes)).toHaveLength(50)
})
