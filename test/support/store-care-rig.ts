import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { DisposableStore } from '#core/platform/index.ts'
import { openStore } from '#core/store/index.ts'
import { temporaryFolder } from './folders.ts'
import { ManualClock } from './manual-clock.ts'
import { openStoreCareParts, type StoreCareParts, storeCareOptions } from './store-care-parts.ts'
import { addNote } from './store-rig.ts'

export interface StoreCareRig extends StoreCareParts {
  readonly directory: string
  readonly clock: ManualClock
}

/**
 * The care of a real store with the real parts that it works with, on a clock moved by hand. Closed when the test has ended. `notes`
 * are in the messages database before, in its file and not in its log.
 */
export async function storeCareRig({ notes = 0 } = {}): Promise<StoreCareRig> {
  const owned = new DisposableStore()
  const folder = temporaryFolder()
  onTestFinished(async () => {
    await owned[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const directory = join(folder.path, '.wheelhouse')
  const clock = new ManualClock()
  const options = storeCareOptions(directory, clock)
  if (notes > 0) {
    await using before = await openStore(options)
    for (let n = 0; n < notes; n++) void before.messages.write(addNote(n, `note ${n} ${'x'.repeat(500)}`), 'journal')
    await before.settled()
  }
  return { directory, clock, ...(await openStoreCareParts(options, owned)) }
}
