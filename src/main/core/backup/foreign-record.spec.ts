import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'

/** A site from elsewhere that claims a restore in flight, beside a folder that is none of its business. */
function foreignSite(
  folder: string,
  record: { readonly entries?: readonly unknown[]; readonly carried?: readonly string[] },
) {
  const site = join(folder, 'site')
  const home = join(folder, 'home')
  const own = join(site, '.wheelhouse')
  mkdirSync(home)
  writeFileSync(join(home, 'keys'), 'mine')
  mkdirSync(join(own, 'swap', 'jb-1.old', 'sub'), { recursive: true })
  mkdirSync(join(own, 'swap', 'home'))
  mkdirSync(join(own, 'staging', 'jb-1', 'home'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  writeFileSync(join(own, 'staging', 'jb-1', 'home', 'keys'), 'theirs')
  writeFileSync(join(own, 'swap', 'jb-1.old', 'sub', 'new'), 'theirs')
  writeFileSync(join(own, 'swap', 'home', 'new'), 'theirs')
  const journal = {
    format: 1,
    job: 'jb-1',
    kind: 'restore',
    snapshot: 'sn-1',
    restorePoint: 'sn-2',
    what: 'the restore',
    state: 'swapping',
    entries: [],
    carried: [],
    keepOld: false,
    services: [],
    ...record,
  }
  writeFileSync(join(own, 'swap', 'jb-1.json'), JSON.stringify(journal))
  return { site, home, own }
}

async function recover(folder: string, site: string) {
  await using rig = await openBackupRig({ site, folder: join(folder, 'backups') })
  return await rig.backups.recover([])
}

test.each(['../home/keys', '..', '.', '', '.wheelhouse', 'a/b'])(
  'a record of a restore that a site brought along moves nothing by the name "%s"',
  async (key) => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'site', '.wheelhouse', 'staging', 'jb-1', 'tree'), { recursive: true })
    const { site, home } = foreignSite(folder.path, { entries: [{ key, what: 'replace' }] })
    const sentences = await recover(folder.path, site)
    expect(readFileSync(join(home, 'keys'), 'utf8')).toBe('mine')
    expect(sentences.join()).toContain('set aside')
    expect(sentences.join()).not.toContain('finished')
  },
)

test('a record that carries a path upwards is not followed', async () => {
  using folder = temporaryFolder()
  const { site, home } = foreignSite(folder.path, { carried: ['../home/new'] })
  await recover(folder.path, site)
  expect(existsSync(join(home, 'new'))).toBe(false)
})

test('nothing is carried through a link that stands in the site', async () => {
  using folder = temporaryFolder()
  const { site, home } = foreignSite(folder.path, { carried: ['sub/new'] })
  symlinkSync(home, join(site, 'sub'))
  await recover(folder.path, site)
  expect(existsSync(join(home, 'new'))).toBe(false)
})

test('a staged tree that is a link is not moved into the site', async () => {
  using folder = temporaryFolder()
  const { site, home, own } = foreignSite(folder.path, { entries: [{ key: 'keys', what: 'add' }] })
  symlinkSync(home, join(own, 'staging', 'jb-1', 'tree'))
  await recover(folder.path, site)
  expect(readFileSync(join(home, 'keys'), 'utf8')).toBe('mine')
  expect(existsSync(join(site, 'keys'))).toBe(false)
})
