import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { encodeTarHeader, padding, readTar, type TarEntry, tarEnd } from '#core/archive/index.ts'
import { systemOwners } from '#core/platform/index.ts'
import { openBackupRig } from '../../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { lookIntoDatabase, makeOddSite } from '../../../../../test/support/odd-site.ts'
import { differences, listTree } from '../../../../../test/support/tree-listing.ts'
import { Unpacking, type UnpackLimits } from './unpack.ts'

const cause = { type: 'operator', via: 'command line' } as const

async function opened(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(site)
  makeOddSite(site)
  const rig = await openBackupRig({ site, folder: join(folder, 'backups') })
  const ended = async (started: Promise<{ job: string }>) => rig.jobs.finished((await started).job)
  return { rig, site, ended }
}

function entry(path: string, more: Partial<TarEntry> & { content?: Buffer } = {}): Buffer {
  const { content = Buffer.alloc(0), ...rest } = more
  const header = encodeTarHeader({
    path: Buffer.from(path),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    size: content.length,
    mtime: 0n,
    target: Buffer.alloc(0),
    ...rest,
  })
  return Buffer.concat([header, content, padding(content.length)])
}

describe('a snapshot as an archive', () => {
  test('is read by tar as the site was, and comes back as a snapshot and into a folder', async () => {
    using folder = temporaryFolder()
    const { rig, site, ended } = await opened(folder.path)
    await using _ = rig
    const snapshot = await rig.backUp()
    const before = listTree(site)
    const file = join(folder.path, 'site.tar.gz')
    const done = await ended(rig.backups.copies.export({ snapshot, paths: null, file, replace: false, cause }))
    expect(done).toMatchObject({ state: 'completed' })
    const same = (lines: readonly string[]) =>
      lines.filter((line) => !/app\.db": content|^"\.": mode|^"\.\/data": mtime/.test(line))

    const byTar = join(folder.path, 'by-tar')
    mkdirSync(byTar)
    execFileSync('tar', ['-xzpf', file, '-C', byTar, '--warning=no-unknown-keyword'])
    expect(same(differences(before, listTree(byTar)))).toEqual([])
    expect(lookIntoDatabase(join(byTar, 'data', 'app.db'))).toEqual({ rows: 500, sound: true })

    const into = join(folder.path, 'into')
    expect(await ended(rig.backups.copies.import({ file, note: '', folder: into, cause }))).toMatchObject({
      state: 'completed',
    })
    expect(same(differences(before, listTree(into)))).toEqual([])

    const imported = await ended(rig.backups.copies.import({ file, note: 'from the shelf', folder: null, cause }))
    expect(imported).toMatchObject({ state: 'completed' })
    const view = rig.backups.snapshots().find(({ id }) => id === imported.data.snapshot)
    expect(view).toMatchObject({ kind: 'full', pinned: true, partial: false, verified: { ok: true } })
    expect(view?.at).toBe(rig.backups.snapshots().find(({ id }) => id === snapshot)?.at)
    expect(
      await rig.backups.files.changes({ snapshot, folder: '', against: String(imported.data.snapshot) }),
    ).toMatchObject({
      added: 0,
      changed: 0,
      deleted: 0,
    })
  })

  test('of some paths holds these, and an existing file is not replaced', async () => {
    using folder = temporaryFolder()
    const { rig, ended } = await opened(folder.path)
    await using _ = rig
    const snapshot = await rig.backUp()
    const file = join(folder.path, 'part.tar.gz')
    const request = { snapshot, paths: ['data/uploads', 'site.yaml'], file, replace: false, cause }
    expect(await ended(rig.backups.copies.export(request))).toMatchObject({ state: 'completed' })
    const listed = execFileSync('tar', ['-tzf', file, '--warning=no-unknown-keyword'], { encoding: 'utf8' }).trim()
    expect(listed.split('\n')).toEqual(['data/', 'data/uploads/', 'data/uploads/random.bin', 'site.yaml'])
    expect(await ended(rig.backups.copies.export(request))).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('exists already'),
    })
    const inSite = join(folder.path, 'site', 'x.tar.gz')
    expect(await ended(rig.backups.copies.export({ ...request, file: inSite }))).toMatchObject({ state: 'failed' })
    const into = join(folder.path, 'into')
    expect(await ended(rig.backups.copies.into({ snapshot, paths: ['site.yaml'], folder: into, cause }))).toMatchObject(
      {
        state: 'completed',
      },
    )
    expect(readdirSync(into)).toEqual(['site.yaml'])
  })

  test('that is hostile or damaged is refused, and nothing of it is kept', async () => {
    using folder = temporaryFolder()
    const { rig, ended } = await opened(folder.path)
    await using _ = rig
    await rig.backUp()
    const into = join(folder.path, 'into')
    const good = entry('a.txt', { content: Buffer.from('good') })
    const link = (target: string) => entry('link', { type: 'link', target: Buffer.from(target) })
    const zeros = Buffer.alloc(8 * 1024 * 1024)
    const cases: readonly (readonly [string, Buffer, string])[] = [
      ['a way out', entry('../evil'), 'leads out of the folder'],
      ['a way out in the middle', entry('a/../../evil'), 'leads out of the folder'],
      ['an absolute path', entry('/etc/evil'), 'is an absolute path'],
      ['a link to an absolute path', link('/etc'), 'leads to "/etc", outside of it'],
      ['a link out', link('../..'), 'outside of it'],
      ['a file through a link', Buffer.concat([link('.'), entry('link/evil')]), 'is there twice'],
      ['a hard link to nothing of it', entry('hard', { type: 'hard', target: Buffer.from('../a') }), 'leads out'],
      [
        'a hard link to another file',
        entry('hard', { type: 'hard', target: Buffer.from('etc/passwd') }),
        'no file of it',
      ],
      ['a name twice', Buffer.concat([good, good]), 'is there twice'],
    ]
    const attempt = async (what: string, tar: Buffer, expected: string, end = tarEnd) => {
      const file = join(folder.path, 'hostile.tar.gz')
      writeFileSync(
        file,
        gzipSync(Buffer.concat([good.subarray(0, what === 'a name twice' ? 0 : undefined), tar, end])),
      )
      const done = await ended(rig.backups.copies.import({ file, note: '', folder: into, cause }))
      expect([what, done.state, done.message]).toEqual([what, 'failed', expect.stringContaining(expected)])
      expect(existsSync(into)).toBe(false)
    }
    for (const [what, tar, expected] of cases) await attempt(what, tar, expected)
    await attempt('cut off', entry('b', { content: zeros }).subarray(0, 100_000), 'ends in the middle', Buffer.alloc(0))
    writeFileSync(join(folder.path, 'text.tar.gz'), 'no archive at all')
    const text = await ended(
      rig.backups.copies.import({ file: join(folder.path, 'text.tar.gz'), note: '', folder: into, cause }),
    )
    expect(text).toMatchObject({ state: 'failed', message: expect.stringContaining('no gzip file') })
    // Made by tar itself.
    const made = join(folder.path, 'made')
    mkdirSync(made)
    execFileSync('mkfifo', [join(made, 'pipe')])
    const fifo = join(folder.path, 'fifo.tar.gz')
    execFileSync('tar', ['-czf', fifo, '-C', made, '.'])
    expect(await ended(rig.backups.copies.import({ file: fifo, note: '', folder: into, cause }))).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('a named pipe'),
    })
    expect(existsSync(into)).toBe(false)
    expect(rig.backups.snapshots()).toHaveLength(1)
    expect(existsSync(join(folder.path, 'evil'))).toBe(false)
  })
  test('that unpacks to far more than its size, or than there is room for, is refused while it is read', async () => {
    using folder = temporaryFolder()
    const bomb = Buffer.concat([entry('zeros', { content: Buffer.alloc(300_000) }), tarEnd])
    const attempt = async (limits: Partial<UnpackLimits>) => {
      const root = join(folder.path, String(Math.random()))
      mkdirSync(root)
      const unpacking = new Unpacking(Buffer.from(root), {
        owners: systemOwners(),
        limits: { entries: 10, bytes: 1_000_000, ratio: 200, ratioFrom: 100_000, ...limits },
        read: () => 1_000,
        onBytes: () => {},
      })
      await readTar(Readable.from([bomb.subarray(0, 700), bomb.subarray(700)]), unpacking)
      return unpacking.finish()
    }
    await expect(attempt({})).rejects.toThrow('more than 200 times its size')
    await expect(attempt({ ratio: 1_000, bytes: 200_000 })).rejects.toThrow('room for')
    await expect(attempt({ entries: 0 })).rejects.toThrow('more than 0 entries')
    expect(await attempt({ ratio: 1_000 })).toEqual({ files: 1, bytes: 300_000 })
  })
})
