import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { lookIntoDatabase, makeDatabase, makeOddSite } from '../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'

function places(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(site)
  return { site, repository: join(folder, 'backups') }
}

function leftovers(site: string): string[] {
  return ['staging', 'swap'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    return existsSync(folder) ? readdirSync(folder) : []
  })
}

describe('restore and undo', () => {
  test('everything that a folder can hold comes back exactly as it was', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    const before = listTree(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp()
    expect(rig.backups.snapshots()).toMatchObject([
      { id: snapshot, kind: 'full', partial: false, databases: 1, warnings: [], verified: { ok: true } },
    ])
    for (const name of ['site.yaml', 'data', 'logs', 'releases', 'current']) {
      rmSync(join(site, name), { recursive: true })
    }

    const restored = await rig.restore()

    expect(restored).toMatchObject({ state: 'completed' })
    // The database is a copy made by SQLite: the same rows, not the same bytes.
    const found = listTree(site)
    expect(differences(before, found).filter((line) => !line.includes('"./data/app.db": content'))).toEqual([])
    expect(lookIntoDatabase(join(site, 'data', 'app.db'))).toEqual({ rows: 500, sound: true })
    const { size, blocks } = statSync(join(site, 'data', 'sparse.img'))
    expect(blocks * 512).toBeLessThan(size / 2)
    expect(leftovers(site)).toEqual([])
    expect(existsSync(join(site, '.wheelhouse', 'own.txt'))).toBe(true)
  })

  test('undo brings back the damaged state byte for byte, and undo of undo the restored one', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    makeDatabase(join(site, 'data', 'second.db'), 10)
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
    unlinkSync(join(site, 'data', 'app.db'))
    rmSync(join(site, 'releases'), { recursive: true })
    // A damaged database with a left-over log beside it, and a file that was never there before.
    execFileSync(
      'dd',
      ['if=/dev/urandom', `of=${join(site, 'data', 'second.db')}`, 'bs=1', 'seek=4096', 'count=2000', 'conv=notrunc'],
      { stdio: 'ignore' },
    )
    writeFileSync(join(site, 'data', 'second.db-wal'), 'not a log')
    writeFileSync(join(site, 'data', 'note.txt'), 'written after the backup')
    const damaged = listTree(site)

    const restored = await rig.restore()

    expect(restored).toMatchObject({ state: 'completed', data: { failed: [] } })
    expect(lookIntoDatabase(join(site, 'data', 'app.db'))).toEqual({ rows: 500, sound: true })
    expect(lookIntoDatabase(join(site, 'data', 'second.db'))).toEqual({ rows: 10, sound: true })
    expect(existsSync(join(site, 'data', 'second.db-wal'))).toBe(false)
    expect(existsSync(join(site, 'data', 'note.txt'))).toBe(false)
    const good = listTree(site)
    const point = rig.backups.snapshots().find(({ kind }) => kind === 'restore-point')
    expect(point).toMatchObject({ partial: true, before: expect.stringContaining('the restore of the snapshot of') })

    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(differences(damaged, listTree(site))).toEqual([])

    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(differences(good, listTree(site))).toEqual([])
    expect(leftovers(site)).toEqual([])
  })

  test('the plan says what would happen, names itself, and a restore by an outdated plan touches nothing', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    await rig.backUp()
    expect(await rig.backups.plan(null)).toMatchObject({ add: 0, change: 0, delete: 0, bytes: 0 })
    unlinkSync(join(site, 'releases', 'r1', 'run.sh'))
    appendFileSync(join(site, 'releases', 'r1', 'secret'), 'changed')
    writeFileSync(join(site, 'releases', 'extra'), '12345')

    const plan = await rig.backups.plan(null)

    expect(plan).toMatchObject({ add: 1, change: 1, delete: 1, hidden: 0, services: [] })
    expect(plan.sentence).toContain(': 1 file or folder added, 1 changed, 1 deleted, in releases.')
    expect(plan.entries).toEqual([
      { path: 'releases/extra', what: 'delete', bytes: 5 },
      { path: 'releases/r1/secret', what: 'change', bytes: 1 },
      { path: 'releases/r1/run.sh', what: 'add', bytes: 10 },
    ])
    unlinkSync(join(site, 'current'))
    const now = listTree(site)
    expect(await rig.restore(null, plan.fingerprint)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('has changed since'),
    })
    expect(differences(now, listTree(site))).toEqual([])
    expect(leftovers(site)).toEqual([])
    const again = await rig.backups.plan(null)
    expect(await rig.restore(null, again.fingerprint)).toMatchObject({ state: 'completed' })
    expect(await rig.restore()).toMatchObject({
      state: 'completed',
      message: expect.stringContaining('nothing was changed'),
    })
  })

  test('a data snapshot restores site.yaml and data, and leaves code and logs alone', async () => {
    using folder = temporaryFolder()
    const { site, repository } = places(folder.path)
    makeOddSite(site)
    await using rig = await openBackupRig({ site, folder: repository })
    const snapshot = await rig.backUp('data')
    const code = join(site, 'releases', 'r1', 'run.sh')
    writeFileSync(code, 'newer code')
    writeFileSync(join(site, 'site.yaml'), 'broken: [')
    rmSync(join(site, 'data'), { recursive: true })

    expect(await rig.restore(snapshot)).toMatchObject({ state: 'completed' })

    expect(statSync(code).size).toBe('newer code'.length)
    expect(statSync(join(site, 'site.yaml')).size).toBe('wheelhouse: 1\nsite: bench\n'.length)
    expect(lookIntoDatabase(join(site, 'data', 'app.db')).rows).toBe(500)
  })
})
