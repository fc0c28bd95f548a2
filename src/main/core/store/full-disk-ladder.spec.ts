import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { addNote, allNotes, storeOptions, storeWithNotes } from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

const KiB = 1024

/** A folder on a disk of its own, where the machine lets one be made. */
function smallDisk(skip: (reason: string) => never, folder: string): Disposable & { readonly path: string } {
  const path = join(folder, 'disk')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    skip('no small disk can be mounted here: that needs the rights of root')
  }
  return { path, [Symbol.dispose]: () => void execFileSync('umount', ['-l', path]) }
}

// Without room for the record of the recovery, for the copy that takes the place, and for all but the last of it.
for (const free of [0, 16 * KiB, 96 * KiB]) {
  test(`a damaged database on a disk with ${free / KiB} KiB left: a stand-in runs and says why, and the copy takes its place when there is room`, async (context) => {
    using folder = temporaryFolder()
    using disk = smallDisk((reason) => context.skip(reason), folder.path)
    const directory = join(disk.path, 'own')
    const options = storeOptions(directory)
    await storeWithNotes(options, { notes: 400 })
    {
      await using store = await openStore(options)
      // Their own check asks for room that this disk never has.
      mkdirSync(join(directory, 'copies'), { recursive: true })
      await store.settled()
    }
    const copy = join(directory, 'copies', 'control.scheduled.2026-01-05T08-30-00-000Z.db')
    execFileSync('cp', [join(directory, 'control.db'), copy])
    writeFileSync(join(directory, 'control.db'), Buffer.alloc(60, 0xa5), { flag: 'r+' })
    const ballast = join(disk.path, 'ballast')
    fill(ballast, disk.path, free)

    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'stand-in' })
    const { state, note } = store.statistics().databases.control
    expect(state).toBe('stand-in')
    expect(note).toContain('could not be recovered, because its disk takes no more')
    expect(store.upkeep.untold().map(({ kind }) => kind)).toContain('stand-in')
    await store.control.write(addNote(1, 'goes on'), 'job')

    execFileSync('rm', [ballast])
    const replaced = await store.replace('control', 'the operator made room', 'operator')
    expect(replaced).toMatchObject({ how: 'replaced', source: 'copy', standIn: expect.any(String) })
    expect(store.statistics().databases.control).toMatchObject({ state: 'open', note: null })
    expect(store.control.all(allNotes)).toHaveLength(400)
    await store.control.write(addNote(2, 'and on'), 'job')
  })
}

/** Leaves so much room. */
function fill(path: string, disk: string, free: number): void {
  const { bavail, bsize } = statfsSync(disk)
  const blocks = Math.max(0, Math.floor((bavail * bsize - free) / bsize))
  execFileSync('dd', ['if=/dev/zero', `of=${path}`, `bs=${bsize}`, `count=${blocks}`], { stdio: 'ignore' })
}
