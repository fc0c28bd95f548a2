import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CrashPoints } from '#core/platform/index.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { openReleaseRig, operator } from '../../../../test/support/release-rig.ts'

const work = () => ({ signal: new AbortController().signal, cause: operator })

/** A site that runs from the release `one`, and new code for it. */
function place(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'releases', 'one'), { recursive: true })
  writeFileSync(join(site, 'releases', 'one', 'api.mjs'), 'one')
  symlinkSync('releases/one', join(site, 'current'))
  const source = join(folder, 'new')
  mkdirSync(source)
  writeFileSync(join(source, 'api.mjs'), 'two')
  return { site, source }
}

/**
 * What a kill at a named moment leaves: the files as they are then, without the console's database, which was at most not yet written. The
 * database's own survival is the store's to show.
 */
function leftAt(name: string, site: string, to: string): CrashPoints & { readonly reached: boolean } {
  const points = {
    reached: false,
    reach(point: string) {
      if (point !== name || points.reached) return
      points.reached = true
      const own = join(site, '.wheelhouse')
      const isDatabase = (path: string) => path.startsWith(own) && /\.(db|db-wal|db-shm|json)$/.test(basename(path))
      const isRecord = (path: string) => path.startsWith(join(own, 'releases'))
      cpSync(site, to, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !isDatabase(path) || isRecord(path),
      })
    },
  }
  return points
}

/** Names below a folder of the console; nothing where there is none. */
function own(site: string, name: string): readonly string[] {
  const folder = join(site, '.wheelhouse', name)
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

describe('a console that is killed', () => {
  test.each([
    ['release.after-seal', false, 'one'],
    ['release.before-move', false, 'one'],
    ['release.after-move', true, 'one'],
    ['release.before-switch', true, 'one'],
    ['release.after-switch', true, 'r1'],
    ['release.after-move-out', false, 'one'],
  ] as const)(
    'at %s leaves a whole release or none, and the site runs from what current says',
    async (point, there, active) => {
      using folder = temporaryFolder()
      const { site, source } = place(folder.path)
      const after = join(folder.path, 'after')
      const crashPoints = leftAt(point, site, after)
      {
        await using rig = await openReleaseRig({ site, crashPoints })
        const id = await rig.bring({ kind: 'folder', folder: source })
        if (point !== 'release.after-move-out') await rig.releases.switchTo(id, { cause: operator })
        else await rig.releases.remove(id, operator)
      }
      expect(crashPoints.reached).toBe(true)

      const rig = await openReleaseRig({ site: after })
      const { releases } = rig
      expect(releases.active().id).toBe(active)
      const present = releases.list().flatMap(({ id, state }) => (state === 'gone' ? [] : [id]))
      expect(present.sort()).toEqual(there ? ['one', 'r1'] : ['one'])
      if (there) {
        expect(releases.get('r1')).toMatchObject({
          source: { kind: 'folder', folder: source },
          files: 1,
          proof: 'computed',
        })
        expect((await releases.verify('r1', work())).ok).toBe(true)
      }
      await rig[Symbol.asyncDispose]()
      expect(own(after, 'staging')).toEqual([])
      if (!there && point !== 'release.after-move-out')
        expect(own(after, 'releases').filter((name) => name.startsWith('r1'))).toEqual([])
    },
  )

  test('in the middle of bringing a release leaves folders that the next opening removes, also what nobody may write into', async () => {
    using folder = temporaryFolder()
    const { site } = place(folder.path)
    const left = join(site, '.wheelhouse', 'staging', 'release-r1-st-x', 'tree')
    mkdirSync(join(left, 'locked'), { recursive: true })
    writeFileSync(join(left, 'locked', 'f'), '')
    symlinkSync('/etc', join(left, 'etc'))
    mkdirSync(join(left, 'locked'), { recursive: true, mode: 0o500 })
    mkdirSync(join(site, '.wheelhouse', 'staging', 'jb-restore'), { recursive: true })
    const rig = await openReleaseRig({ site })
    await rig[Symbol.asyncDispose]()
    expect(own(site, 'staging')).toEqual(['jb-restore'])
    expect(existsSync('/etc/hostname') || existsSync('/etc/passwd')).toBe(true)
  })

  test('or a cancel, at any time while a release is brought, leaves nothing and the same number again', async () => {
    using folder = temporaryFolder()
    const { site, source } = place(folder.path)
    for (let nth = 0; nth < 200; nth++) writeFileSync(join(source, `f${nth}`), 'x'.repeat(10_000))
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    const cancel = new AbortController()
    const reason = new Error('enough')
    const bringing = releases.prepare(
      { kind: 'folder', folder: source },
      { signal: cancel.signal, cause: operator, onProgress: () => cancel.abort(reason) },
    )
    await expect(bringing).rejects.toBe(reason)
    expect(own(site, 'staging')).toEqual([])

    await using prepared = await releases.prepare({ kind: 'folder', folder: source }, work())
    expect(prepared.id).toBe('r1')
    const sealing = new AbortController()
    const adopting = releases.adopt(prepared, {
      signal: sealing.signal,
      cause: operator,
      onProgress: () => sealing.abort(reason),
    })
    await expect(adopting).rejects.toBe(reason)
    expect(readdirSync(join(site, 'releases'))).toEqual(['one'])
    expect(own(site, 'releases').filter((name) => name.startsWith('r1'))).toEqual([])
    const id = (await releases.adopt(prepared, work())).id
    expect(readFileSync(join(site, 'releases', id, 'api.mjs'), 'utf8')).toBe('two')
    expect(readlinkSync(join(site, 'current'))).toBe('releases/one')
  })
})
