import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import {
  addNote,
  allNotes,
  filesIn,
  killedStore,
  storeOptions,
  storeWithNotes,
} from '../../../../test/support/store-rig.ts'
import { openStore } from './index.ts'

for (const point of ['after-intent', 'after-quarantine', 'before-swap', 'after-swap']) {
  test(`a recovery killed at ${point} is finished at the next opening: once, from the copy, with one report`, async () => {
    using folder = temporaryFolder()
    const options = storeOptions(folder.path)
    await storeWithNotes(options, { notes: 20, copied: true })
    writeFileSync(join(folder.path, 'control.db'), 'rubbish '.repeat(2000))
    await killedStore(folder.path, { notes: 0, env: { WHEELHOUSE_CRASH_AT: `store.recovery.${point}` } })
    await using store = await openStore(options)
    expect(store.opened.control).toMatchObject({ how: 'replaced', source: 'copy' })
    expect(store.control.all(allNotes)).toHaveLength(20)
    expect(store.upkeep.untold()).toHaveLength(1)
    expect(filesIn(join(folder.path, 'quarantine'))).toHaveLength(1)
    const [written] = await store.control.write(addNote(Date.now(), 'it goes on'), 'job')
    expect(written?.lastInsertRowid).toBeGreaterThan(Date.now() - 120_000)
  })
}
