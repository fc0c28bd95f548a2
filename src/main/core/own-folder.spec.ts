import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/folders.ts'
import { openTestConsole } from '../../../test/support/test-console.ts'

test.each(['.wheelhouse', '.wheelhouse/staging', '.wheelhouse/swap', '.wheelhouse/control.db'])(
  'a site from elsewhere with a link at %s is not opened, and what it leads to stays as it is',
  async (link) => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    const home = join(folder.path, 'home')
    mkdirSync(join(home, 'staging'), { recursive: true })
    writeFileSync(join(home, 'letter.txt'), 'mine')
    writeFileSync(join(home, 'staging', 'letter.txt'), 'mine')
    mkdirSync(link === '.wheelhouse' ? site : join(site, '.wheelhouse'), { recursive: true })
    writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: evil\n')
    symlinkSync(home, join(site, link))
    const console = await openTestConsole(folder.path)
    try {
      const opening = console.openSite(site, { type: 'operator', via: 'browser' })
      await expect(opening).rejects.toMatchObject({ problem: { code: 'own-folder-linked' } })
    } finally {
      await console.close({ services: 'stop' })
    }
    expect(readFileSync(join(home, 'letter.txt'), 'utf8')).toBe('mine')
    expect(readFileSync(join(home, 'staging', 'letter.txt'), 'utf8')).toBe('mine')
  },
)
