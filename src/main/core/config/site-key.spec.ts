import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { openSiteKey } from './index.ts'

const openKey = (userData: string, site: string) => openSiteKey(userData, site, silentLogger)

it('the key of a site is the same each time, another for each purpose and folder, and kept for this user only', async () => {
  using folder = temporaryFolder()
  const first = await openKey(folder.path, '/srv/lab')
  const again = await openKey(folder.path, '/srv/lab')
  const copied = await openKey(folder.path, '/srv/lab-copied')
  expect(again('push')).toBe(first('push'))
  expect(new Set([first('push'), first('proxy'), copied('push'), copied('proxy')]).size).toBe(4)
  const [file = ''] = readdirSync(join(folder.path, 'keys'))
  expect(statSync(join(folder.path, 'keys')).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder.path, 'keys', file)).mode & 0o777).toBe(0o600)
})

it('a key that others may read, a link and what is no key are not used: another is made', async () => {
  using folder = temporaryFolder()
  const known = (await openKey(folder.path, '/srv/lab'))('push')
  const [name = ''] = readdirSync(join(folder.path, 'keys'))
  const file = join(folder.path, 'keys', name)
  chmodSync(file, 0o644)
  const second = (await openKey(folder.path, '/srv/lab'))('push')
  expect(second).not.toBe(known)
  writeFileSync(file, 'x')
  const third = (await openKey(folder.path, '/srv/lab'))('push')
  expect(third).not.toBe(second)
  expect((await openKey(folder.path, '/srv/lab'))('push')).toBe(third)
})

it('where it cannot be kept it serves this run all the same', async () => {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'nowhere'))
  symlinkSync('/dev/null', join(folder.path, 'keys'))
  expect((await openKey(folder.path, '/srv/lab'))('push')).toMatch(/^[0-9a-f]{64}$/)
})
