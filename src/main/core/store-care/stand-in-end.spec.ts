import { execFile } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { findProgram } from '../../../../test/support/needs.ts'
import { filesIn } from '../../../../test/support/store-rig.ts'

const run = promisify(execFile)
const program = join(import.meta.dirname, '../../../../test/support/unreadable-control.program.ts')
/** For root the mode of a file is no obstacle, unless it gives that right up. */
const withoutPassingOver = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

for (const how of ['by itself', 'by order'] as const) {
  test.skipIf(withoutPassingOver.length > 0 && findProgram('setpriv') === null)(
    `a database that only could not be read takes the place of its stand-in again ${how}: nothing of it is lost, and what was recorded meanwhile is kept and told`,
    { timeout: 60_000 },
    async () => {
      using folder = temporaryFolder()
      const directory = join(folder.path, '.wheelhouse')
      const [command = '', ...words] = [...withoutPassingOver, process.execPath, program, directory, how]
      const { stdout } = await run(command, words).finally(() => chmodSync(join(directory, 'control.db'), 0o600))
      const told = JSON.parse(stdout)
      expect(told.opened).toMatchObject({ how: 'stand-in', reason: expect.stringContaining('could not be opened') })
      expect(told).toMatchObject({ early: false, stateBefore: 'stand-in' })
      expect(told.cardBefore).toMatchObject({ why: expect.stringContaining('goes back to it by itself') })
      expect(told.cardBefore.fixes[0]).toMatchObject({ label: 'Try the control database again…' })
      expect(told.openedAfter).toEqual({ how: 'clean' })
      expect(told.told).toEqual(['after', 'before'])
      expect(told.ended.message).toContain('The control database can be used again.')
      expect(filesIn(told.ended.data.places[0])).toContain('control.stand-in.db')
      expect(told.ended.cause).toEqual({
        type: 'observation',
        what: 'whether the control database can be opened',
      })
      expect(filesIn(join(directory, 'stand-in'))).toEqual([])
      if (how === 'by order') expect(told.ordered).toBe('The control database can be used again.')
    },
  )
}
