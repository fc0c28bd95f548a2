import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BackupRig, openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { lookIntoDatabase, makeOddSite } from '../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(site)
  return { site, repository: join(folder, 'backups') }
}

const calm = { signal: new AbortController().signal, progress: () => {} }
const all: { readonly code: string | null; readonly most: number | null } = { code: null, most: null }

function extract(rig: BackupRig, snapshot: string, to: string, more: Partial<typeof all> = {}) {
  return rig.backups.source.extract({ snapshot, to, ...all, ...more }, calm)
}

describe('a snapshot in another folder', () => {
  test('is what the site was, beside it or in its sandbox, and the site is not touched', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    writeFileSync(join(site, 'data', 'later.txt'), 'written after the snapshot')
    const before = listTree(site)

    const elsewhere = join(folder.path, 'elsewhere')
    await extract(rig, snapshot, elsewhere)

    const missing = differences(before, listTree(elsewhere))
    // The folder itself is made for this user only, whatever the site's own is open to.
    const meant = /app\.db": content|later\.txt|"\.\/data": |"\.": mode 700/
    expect(missing.filter((line) => !meant.test(line))).toEqual([])
    expect(lookIntoDatabase(join(elsewhere, 'data', 'app.db'))).toEqual({ rows: 500, sound: true })
    expect(existsSync(join(elsewhere, 'data', 'later.txt'))).toBe(false)
    expect(differences(before, listTree(site))).toEqual([])
    const sandbox = join(site, '.wheelhouse', 'sandbox', 'one', 'site')
    await extract(rig, snapshot, sandbox)
    expect(existsSync(join(sandbox, 'site.yaml'))).toBe(true)
  })

  test('of data and configuration lies over the code of the newest full one', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    mkdirSync(join(site, 'releases', 'one'), { recursive: true })
    mkdirSync(join(site, 'data'))
    writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
    writeFileSync(join(site, 'releases', 'one', 'code.mjs'), 'code')
    writeFileSync(join(site, 'data', 'orders'), 'old')
    writeFileSync(join(site, 'data', 'gone'), 'old')
    await using rig = await openBackupRig({ site, folder: repository })
    const full = await rig.backUp()
    writeFileSync(join(site, 'data', 'orders'), 'new')
    unlinkSync(join(site, 'data', 'gone'))
    const data = await rig.backUp('data')

    const chosen = rig.backups.source.choose(null)
    expect(chosen).toMatchObject({ id: data, kind: 'data', good: true, code: { id: full } })
    const to = join(folder.path, 'sandbox')
    await extract(rig, data, to, { code: full })
    expect(readFileSync(join(to, 'data', 'orders'), 'utf8')).toBe('new')
    expect(readdirSync(join(to, 'data'))).toEqual(['orders'])
    expect(readFileSync(join(to, 'releases', 'one', 'code.mjs'), 'utf8')).toBe('code')
  })

  test('is refused where it would mix with something, and where there is no room for it', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    const full = join(folder.path, 'full')
    mkdirSync(full)
    writeFileSync(join(full, 'mine.txt'), 'mine')
    symlinkSync(join(site, 'data'), join(folder.path, 'link'))
    const refused = [
      [full, 'it is not empty'],
      [join(site, 'data', 'new'), 'it lies in the folder of the site'],
      [join(site, '.wheelhouse', 'swap'), 'it lies in the folder of the site'],
      [join(folder.path, 'link', 'through'), 'it lies in the folder of the site'],
      [join(repository, 'new'), 'the backups lie there'],
      ['relative', 'it is not an absolute path'],
    ] as const
    for (const [to, why] of refused) {
      await expect(extract(rig, snapshot, to)).rejects.toMatchObject({
        problem: { code: 'extract-destination', message: expect.stringContaining(why) },
      })
    }
    expect(readdirSync(full)).toEqual(['mine.txt'])
    const to = join(folder.path, 'small')
    await expect(extract(rig, snapshot, to, { most: 1_000 })).rejects.toMatchObject({
      problem: { code: 'extract-too-large' },
    })
    expect(existsSync(to)).toBe(false)
  })

  test('is only removed again where it is a sandbox of this site', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    const sandbox = join(folder.path, 'box')
    await extract(rig, snapshot, join(sandbox, 'site'))
    await expect(rig.backups.source.discard(sandbox)).rejects.toMatchObject({ problem: { code: 'sandbox-strange' } })
    writeFileSync(join(sandbox, 'sandbox.json'), JSON.stringify({ site: '/another', job: 'jb-1', at: 1 }))
    await expect(rig.backups.source.discard(sandbox)).rejects.toMatchObject({ problem: { code: 'sandbox-strange' } })
    writeFileSync(join(sandbox, 'sandbox.json'), JSON.stringify({ site, job: 'jb-1', at: 1 }))
    await rig.backups.source.discard(sandbox)
    expect(existsSync(sandbox)).toBe(false)
    await rig.backups.source.discard(sandbox)
  })

  test('that was rehearsed says so beside whether it was verified, and the rules keep it', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    const rehearsed = { at: 5, verdict: 'proven' as const, note: 'All came up.', totalMs: 4_000 }
    await rig.backups.source.mark(snapshot, rehearsed)
    expect(rig.state.slice('snapshots').get(snapshot)).toMatchObject({ verified: { ok: true }, rehearsed })
  })
})
