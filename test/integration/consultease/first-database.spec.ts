import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/folders.ts'
import { SampleService } from './sample-service.ts'

async function ran(folder: string) {
  await using callback = new SampleService('first-database', { DATA: folder })
  return { code: await callback.exit(), output: callback.output }
}

test('a new site gets its database before it is watched; one that was lost later is never made anew', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'consultease.db')
  expect(await ran(folder.path)).toMatchObject({ code: 0, output: expect.stringContaining('24 consultations') })
  expect(existsSync(file)).toBe(true)
  expect(await ran(folder.path)).toEqual({ code: 0, output: '' })
  rmSync(file)
  expect(await ran(folder.path)).toEqual({ code: 0, output: '' })
  expect(existsSync(file)).toBe(false)
})

test('where it cannot be made, the start fails with the reason', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'data'), 'a file where the folder should be')
  const { code, output } = await ran(join(folder.path, 'data'))
  expect(code).toBe(1)
  expect(output).toMatch(/EEXIST|ENOTDIR/)
})
