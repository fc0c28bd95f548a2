import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { lookIntoDatabase, makeDatabase, makeOddSite } from '../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../test/support/tree-listing.ts'

/** An odd site with a snapshot, opened. */
async function backedUp(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(site)
  makeOddSite(site)
  mkdirSync(join(site, 'data', 'uploads', 'deep', 'er'), { recursive: true })
  writeFileSync(join(site, 'data', 'uploads', 'deep', 'er', 'a.txt'), 'a')
  writeFileSync(join(site, 'data', 'uploads', 'deep', 'er', 'b.txt'), 'b')
  const rig = await openBackupRig({ site, folder: join(folder, 'backups') })
  const snapshot = await rig.backUp()
  return { rig, site, snapshot, asBackedUp: listTree(site) }
}

function leftovers(site: string): string[] {
  return ['staging', 'swap', 'quarantine'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    return existsSync(folder) ? readdirSync(folder) : []
  })
}

/** The differences without those of the times of folders in which something was swapped. */
function contentOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !/^"\.\/(data|data\/uploads|data\/uploads\/deep|releases\/r1)": mtime/.test(line))
}

describe('a restore of some paths', () => {
  test('changes these and nothing else, and Undo takes back these and nothing else', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot, asBackedUp } = await backedUp(folder.path)
    await using _ = rig
    const er = join(site, 'data', 'uploads', 'deep', 'er')
    writeFileSync(join(er, 'a.txt'), 'changed')
    writeFileSync(join(er, 'c.txt'), 'added since')
    unlinkSync(join(er, 'b.txt'))
    writeFileSync(join(site, 'data', 'kept.txt'), 'written since and not ticked')
    appendFileSync(join(site, 'site.yaml'), '# changed\n')
    const before = listTree(site)

    const plan = await rig.backups.plan(snapshot, ['data/uploads/deep/er'])
    expect(plan).toMatchObject({ add: 1, change: 1, delete: 1, paths: ['data/uploads/deep/er'] })
    expect(plan.notes).toContain('Everything else in the site stays as it is.')
    expect(plan.commandLine).toBe(`wheelhouse restore ${snapshot} data/uploads/deep/er`)
    expect(await rig.restore(snapshot, plan.fingerprint, plan.paths)).toMatchObject({ state: 'completed' })

    expect(contentOf(differences(asBackedUp, listTree(site)))).toEqual([
      '"./data/kept.txt" is too much',
      expect.stringContaining('"./site.yaml": content'),
      expect.stringContaining('"./site.yaml": mtime'),
      expect.stringContaining('"./site.yaml": size'),
    ])
    expect(leftovers(site)).toEqual([])
    // Written after the restore: Undo must not touch it.
    writeFileSync(join(site, 'data', 'later.txt'), 'written after the restore')
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(contentOf(differences(before, listTree(site)))).toEqual(['"./data/later.txt" is too much'])
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(readFileSync(join(er, 'a.txt'), 'utf8')).toBe('a')
    expect(existsSync(join(er, 'c.txt'))).toBe(false)
    expect(leftovers(site)).toEqual([])
  })

  test('makes a missing folder again with only what was asked for in it, and Undo removes it', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot } = await backedUp(folder.path)
    await using _ = rig
    rmSync(join(site, 'data', 'uploads'), { recursive: true })
    const before = listTree(site)
    const paths = ['data/uploads/deep/er/a.txt']
    const plan = await rig.backups.plan(snapshot, paths)
    expect(plan.add).toBe(4)
    expect(plan.notes).toContain(
      'The folder data/uploads is not there any more; it is made again with only what was chosen in it.',
    )
    expect(await rig.restore(snapshot, plan.fingerprint, paths)).toMatchObject({ state: 'completed' })
    const made = execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %m\n'], {
      cwd: join(site, 'data', 'uploads'),
      encoding: 'utf8',
    })
    expect(made.trim().split('\n').sort()).toEqual(['deep 755', 'deep/er 755', 'deep/er/a.txt 644'])
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(contentOf(differences(before, listTree(site)))).toEqual([])
  })

  test('brings one database back without the logs of another one beside it, and Undo brings those too', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot } = await backedUp(folder.path)
    await using _ = rig
    const path = join(site, 'data', 'app.db')
    makeDatabase(join(folder.path, 'other.db'), 3)
    // A database with rows in its write-ahead log only, as a killed service leaves it.
    const writer = new Database(path)
    writer.exec("DELETE FROM notes WHERE id > 100; INSERT INTO notes (text) VALUES ('in the log')")
    execFileSync('cp', ['-a', path, `${path}-wal`, `${path}-shm`, folder.path])
    writer.close()
    for (const ending of ['', '-wal', '-shm'])
      execFileSync('cp', ['-a', join(folder.path, `app.db${ending}`), `${path}${ending}`])
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0)

    const plan = await rig.backups.plan(snapshot, ['data/app.db'])
    expect(plan.notes.join(' ')).toContain('data/app.db-wal')
    expect(await rig.restore(snapshot, plan.fingerprint, ['data/app.db'])).toMatchObject({ state: 'completed' })
    expect(existsSync(`${path}-wal`)).toBe(false)
    expect(existsSync(`${path}-journal`)).toBe(false)
    expect(lookIntoDatabase(path)).toEqual({ rows: 500, sound: true })
    expect(await rig.undo()).toMatchObject({ state: 'completed' })
    expect(lookIntoDatabase(path)).toEqual({ rows: 101, sound: true })
  })

  test('names of any bytes, links, and files that are one under several ticked names', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot, asBackedUp } = await backedUp(folder.path)
    await using _ = rig
    const code = Buffer.from(join(site, 'releases', 'r1'))
    const odd = Buffer.from([0x6c, 0x61, 0x74, 0xe9, 0x6e, 0xff])
    writeFileSync(Buffer.concat([code, Buffer.from('/'), odd]), 'changed')
    unlinkSync(join(site, 'releases', 'r1', 'dangling'))
    unlinkSync(join(site, 'releases', 'r1', 'api-again.mjs'))
    writeFileSync(join(site, 'releases', 'r1', 'services', 'api.mjs'), 'changed')
    const paths = [
      `releases/r1/${odd.toString('latin1')}`,
      'releases/r1/dangling',
      'releases/r1/api-again.mjs',
      'releases/r1/services/api.mjs',
    ]
    expect(await rig.restore(snapshot, null, paths)).toMatchObject({ state: 'completed' })
    const found = differences(asBackedUp, listTree(site))
    expect(contentOf(found).filter((line) => !line.startsWith('"./releases/r1/services": mtime'))).toEqual([])
    expect(lstatSync(join(site, 'releases', 'r1', 'api-again.mjs')).nlink).toBe(2)
  })

  test('is refused for what the snapshot does not hold, and where a link stands on the way', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot } = await backedUp(folder.path)
    await using _ = rig
    writeFileSync(join(site, 'data', 'new.txt'), 'new')
    await expect(rig.backups.plan(snapshot, ['data/new.txt'])).rejects.toThrow('holds no data/new.txt')
    renameSync(join(site, 'data', 'uploads'), join(folder.path, 'outside'))
    symlinkSync(join(folder.path, 'outside'), join(site, 'data', 'uploads'))
    writeFileSync(join(folder.path, 'outside', 'deep', 'er', 'a.txt'), 'outside of the site')
    await expect(rig.backups.plan(snapshot, ['data/uploads/deep/er/a.txt'])).rejects.toThrow('is no folder in the site')
    expect(readFileSync(join(folder.path, 'outside', 'deep', 'er', 'a.txt'), 'utf8')).toBe('outside of the site')
    // The link itself can be replaced.
    expect(await rig.restore(snapshot, null, ['data/uploads'])).toMatchObject({ state: 'completed' })
    expect(lstatSync(join(site, 'data', 'uploads')).isDirectory()).toBe(true)
    expect(readFileSync(join(folder.path, 'outside', 'deep', 'er', 'a.txt'), 'utf8')).toBe('outside of the site')
  })
})
