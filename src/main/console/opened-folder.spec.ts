import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { assertFolder } from './opened-folder.ts'

test('only a folder is handed to the desktop: a file that a site puts in its place would be run', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'logs')
  writeFileSync(file, '[Desktop Entry]\nExec=anything\n')
  symlinkSync(file, join(folder.path, 'link'))
  mkdirSync(join(folder.path, 'data'))
  for (const path of [file, join(folder.path, 'link'), join(folder.path, 'missing')]) {
    await expect(assertFolder(path)).rejects.toMatchObject({ problem: { code: 'folder-missing' } })
  }
  await expect(assertFolder(join(folder.path, 'data'))).resolves.toBeUndefined()
})
