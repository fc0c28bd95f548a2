import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { findProgram } from '../../../../test/support/needs.ts'
import { addNote, allNotes, storeOptions } from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

for (const [what, command] of [
  ['whose file is deleted', 'rm "$0"'],
  ['whose file is replaced by a text', 'echo text > "$0.x"; mv "$0.x" "$0"'],
  ['whose file is replaced by a folder', 'rm "$0"; mkdir "$0"'],
  ['whose write-ahead log is deleted', 'rm "$0-wal"'],
  ['whose write-ahead log is replaced by a text', 'echo text > "$0.x"; mv "$0.x" "$0-wal"'],
] as const) {
  test(`a database ${what} while it is in use: everything acknowledged is there, and what is written meanwhile`, async () => {
    using folder = temporaryFolder()
    const options = storeOptions(folder.path)
    const texts = Array.from({ length: 21 }, (_, n) => `note ${n}`)
    {
      await using store = await openStore(options)
      for (const text of texts.slice(0, 20)) await store.control.write(addNote(Date.now(), text), 'event')
      execFileSync('sh', ['-c', command, join(folder.path, 'control.db')])
      await store.control.write(addNote(Date.now(), texts[20] ?? ''), 'event')
      expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
      expect(store.control.all(allNotes).map((row) => Object.values(Object(row))[0])).toEqual(texts)
      expect(store.upkeep.untold()).toMatchObject([{ kind: 'recovered' }])
    }
    await using store = await openStore(options)
    expect(store.opened.control).toEqual({ how: 'clean' })
    expect(store.control.all(allNotes)).toHaveLength(21)
  })
}

test('a database that lost its write-ahead log while no console ran, and all its tables with it, is replaced by its copy', async () => {
  using folder = temporaryFolder()
  const options = storeOptions(folder.path)
  {
    await using store = await openStore(options)
    await store.control.write(addNote(Date.now(), 'of the copy'), 'event')
    await store.upkeep.copies.take('control', 'by-operator')
  }
  const path = join(folder.path, 'control.db')
  rmSync(path)
  const header = new Database(path)
  header.pragma('journal_mode = WAL')
  header.close()
  await using store = await openStore(options)
  expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
  expect(store.control.all(allNotes)).toEqual([{ text: 'of the copy' }])
  expect(store.upkeep.untold()).toMatchObject([{ kind: 'recovered' }])
})

/** For root the mode of a folder is no obstacle, unless it gives that right up. */
const withoutPassingOver = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

test.skipIf(withoutPassingOver.length > 0 && findProgram('setpriv') === null)(
  'a folder that may not be entered for a while is no sign that its files were taken away: the database stays, with all that was acknowledged',
  async () => {
    using folder = temporaryFolder()
    const directory = join(folder.path, '.wheelhouse')
    const program = join(import.meta.dirname, '../../../../test/support/hidden-folder.program.ts')
    const [command = '', ...words] = [...withoutPassingOver, process.execPath, program, directory]
    const { stdout } = await promisify(execFile)(command, words).finally(() => chmodSync(directory, 0o700))
    const { opened, acknowledged, texts } = JSON.parse(stdout)
    expect(opened).toEqual({ how: 'new' })
    expect(acknowledged).toContain('after')
    expect(texts).toEqual(acknowledged)
  },
)
