import { chmodSync } from 'node:fs'
import { openStore } from '#core/store/index.ts'
import { addNote, allNotes, storeOptions } from './store-rig.ts'
import { until } from './until.ts'

/**
 * A store whose folder nobody may enter for a while as it is in use: `hidden-folder <directory>` prints how its control database is
 * open in the end, and what it holds, as JSON. To be run without the right to pass over the modes of files.
 */
const [directory = ''] = process.argv.slice(2)
await using store = await openStore(storeOptions(directory))
const note = (text: string) => store.control.write(addNote(Date.now(), text), 'event')
const acknowledged: string[] = []
const attempt = async (text: string) => {
  await note(text).then(
    () => acknowledged.push(text),
    () => {},
  )
}
await attempt('before')
chmodSync(directory, 0)
for (const text of ['meanwhile', 'still', 'yet']) await attempt(text)
chmodSync(directory, 0o700)
await until('it to be written again', () => store.statistics().databases.control.state === 'open')
await attempt('after')
const texts = store.control.all<{ text: string }>(allNotes).map(({ text }) => text)
process.stdout.write(JSON.stringify({ opened: store.opened.control, acknowledged, texts }))
