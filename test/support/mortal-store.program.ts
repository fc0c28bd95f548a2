import { crashPointsFrom } from '#core/platform/index.ts'
import { openStore } from '#core/store/index.ts'
import { addNote, storeOptions } from './store-rig.ts'

/** A store that lives to be killed: `mortal-store <directory> <notes>`; writes so many notes to each database and kills itself. */
const [directory = '', notes = '0'] = process.argv.slice(2)
const store = await openStore(storeOptions(directory, { crashPoints: crashPointsFrom(process.env) }))
for (let n = 0; n < Number(notes); n++) {
  await store.control.write(addNote(Date.now(), `killed ${n} ${'x'.repeat(300)}`), 'job')
  await store.messages.write(addNote(Date.now(), `killed ${n} ${'x'.repeat(300)}`), 'job')
}
process.kill(process.pid, 'SIGKILL')
