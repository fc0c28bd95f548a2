import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { openReleaseRig, operator } from '../../../../test/support/release-rig.ts'
import { until } from '../../../../test/support/until.ts'

const work = () => ({ signal: new AbortController().signal, cause: operator })

function code(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

function staged(site: string): readonly string[] {
  const folder = join(site, '.wheelhouse', 'staging')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('releases of a site', () => {
  test('a site without releases runs from its own folder, and comes back to it', async () => {
    using folder = temporaryFolder()
    const site = code(join(folder.path, 'site'), { 'site.yaml': 'x', 'services/api.mjs': 'one' })
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    expect(releases.active()).toMatchObject({ id: 'site-folder', folder: site, state: 'active' })
    expect(releases.previous()).toBeNull()

    const source = code(join(folder.path, 'new'), { 'services/api.mjs': 'two', 'bin/tool': '#!/bin/sh\n' })
    symlinkSync('../services/api.mjs', join(source, 'bin', 'api'))
    const id = await rig.bring({ kind: 'folder', folder: source })
    expect(id).toBe('r1')
    expect(releases.get(id)).toMatchObject({ state: 'ready', proof: 'computed', files: 3 })
    expect(existsSync(join(site, 'current'))).toBe(false)

    await releases.switchTo(id, { cause: operator })
    expect(readlinkSync(join(site, 'current'))).toBe('releases/r1')
    expect(readFileSync(join(site, 'current', 'bin', 'api'), 'utf8')).toBe('two')
    expect(releases.active().id).toBe('r1')
    expect(releases.previous()?.id).toBe('site-folder')
    expect(rig.state.slice('releases').get('r1')).toMatchObject({ state: 'active', held: 'the site runs from it' })

    expect(await releases.difference('site-folder', 'r1')).toMatchObject({
      added: [{ path: 'bin/api' }, { path: 'bin/tool' }],
      changed: [{ path: 'services/api.mjs', bytes: 3, before: 3 }],
      removed: [],
    })
    await releases.switchTo('site-folder', { cause: operator })
    expect(lstatSync(join(site, 'current'), { throwIfNoEntry: false })).toBeUndefined()
    expect(releases.previous()?.id).toBe('r1')
    await until('nothing staged is left', () => staged(site).length === 0)
  })

  test('what lies in releases/ already is taken up, compared and gone back to', async () => {
    using folder = temporaryFolder()
    const site = code(join(folder.path, 'site'), { 'releases/one/api.mjs': 'one' })
    symlinkSync('releases/one', join(site, 'current'))
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    expect(releases.list().map(({ id, state }) => [id, state])).toEqual([['one', 'active']])
    const id = await rig.bring({ kind: 'folder', folder: code(join(folder.path, 'new'), { 'api.mjs': 'other' }) })
    // Before the first deploy nothing was written down of it; bringing the next one did that.
    expect(releases.get('one')).toMatchObject({ files: 1, source: { kind: 'found' } })
    await releases.switchTo(id, { cause: operator })
    expect(await releases.verify('one', work())).toMatchObject({
      ok: true,
      sentence: 'All 1 files of one are as they were.',
    })
    writeFileSync(join(site, 'releases/one/api.mjs'), 'mad')
    writeFileSync(join(site, 'releases/one/cache'), '')
    expect(await releases.verify('one', work())).toMatchObject({ ok: false, changed: ['api.mjs'], extra: ['cache'] })
    expect(releases.previous()?.id).toBe('one')
    await releases.switchTo('one', { cause: operator })
    expect(releases.previous()?.id).toBe(id)
  })

  test('a bad release is no way back, and its content is known again wherever it comes from', async () => {
    using folder = temporaryFolder()
    const site = code(join(folder.path, 'site'), { 'releases/one/api.mjs': 'one' })
    symlinkSync('releases/one', join(site, 'current'))
    const source = code(join(folder.path, 'new'), { 'api.mjs': 'bad' })
    {
      await using rig = await openReleaseRig({ site })
      await rig.bring({ kind: 'folder', folder: source })
      await rig.releases.switchTo('r1', { cause: operator })
      await rig.releases.mark('r1', 'bad', 'api was unhealthy.', { cause: operator })
      await rig.releases.switchTo('one', { cause: operator })
      expect(rig.releases.previous()).toBeNull()
      await rig.releases.remove('r1', operator)
      expect(existsSync(join(site, 'releases/r1'))).toBe(false)
    }
    // Also when the console lost its database: a file beside the release says the same.
    rmSync(join(site, '.wheelhouse', 'control.db'))
    await using rig = await openReleaseRig({ site })
    const same = code(join(folder.path, 'elsewhere'), { 'api.mjs': 'bad' })
    await using prepared = await rig.releases.prepare({ kind: 'folder', folder: same }, work())
    expect(prepared.known).toMatchObject({ id: 'r1', verdict: { verdict: 'bad' } })
    expect(prepared.id).toBe('r2')
  })

  test('dependencies installed into a prepared release belong to it, and its digest stays what was delivered', async () => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    const source = code(join(folder.path, 'new'), { 'api.mjs': 'x' })
    await using prepared = await releases.prepare({ kind: 'folder', folder: source }, work())
    code(prepared.folder, { 'node_modules/a/index.js': 'y' })
    const { id, digest, files } = await releases.adopt(prepared, work())
    expect({ digest, files }).toEqual({ digest: prepared.digest, files: 2 })
    code(releases.folderOf(id), { 'node_modules/b/index.js': 'z' })
    expect(await releases.reseal(id, work())).toMatchObject({ files: 3, digest: prepared.digest })
    expect((await releases.verify(id, work())).ok).toBe(true)
  })

  test('what is in use is kept, and what is over the limit goes', async () => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    let protectedIds: readonly string[] = []
    await using rig = await openReleaseRig({ site, protects: () => protectedIds })
    const { releases } = rig
    for (const name of ['1', '2', '3', '4', '5']) {
      await rig.bring({ kind: 'folder', folder: code(join(folder.path, name), { 'api.mjs': name }) })
    }
    await releases.switchTo('r2', { cause: operator })
    await releases.switchTo('r5', { cause: operator })
    await releases.pin('r1', true, operator)
    for (const [id, why] of [
      ['r5', 'the site runs from it'],
      ['r2', 'a rollback goes back to it'],
      ['r1', 'it is pinned'],
    ] as const)
      await expect(releases.remove(id, operator)).rejects.toThrow(why)
    protectedIds = ['r3']
    expect(await releases.cleanUp({ keep: 2, cause: operator })).toEqual(['r4'])
    protectedIds = []
    expect(await releases.cleanUp({ keep: 2, cause: operator })).toEqual(['r3'])
    expect(readdirSync(join(site, 'releases')).sort()).toEqual(['r1', 'r2', 'r5'])
    await until('nothing staged is left', () => staged(site).length === 0)
    await expect(releases.verify('r3', work())).rejects.toThrow('is not there any more')
  })

  test('a folder called current, or an unknown release, changes nothing', async () => {
    using folder = temporaryFolder()
    const site = code(join(folder.path, 'site'), { 'current/api.mjs': 'by hand' })
    await using rig = await openReleaseRig({ site })
    const id = await rig.bring({ kind: 'folder', folder: code(join(folder.path, 'new'), { 'api.mjs': 'x' }) })
    await expect(rig.releases.switchTo(id, { cause: operator })).rejects.toThrow('is a folder and no link')
    expect(readFileSync(join(site, 'current/api.mjs'), 'utf8')).toBe('by hand')
    expect(readdirSync(site).filter((name) => name.startsWith('.current'))).toEqual([])
    await expect(rig.releases.switchTo('r9', { cause: operator })).rejects.toThrow('There is no release "r9"')
  })

  test('a link that leads out of releases/ is a release of its own, that can be gone back to and is never removed', async () => {
    using folder = temporaryFolder()
    const outside = code(join(folder.path, 'opt'), { 'api.mjs': 'x' })
    const site = code(join(folder.path, 'site'), { 'site.yaml': '' })
    symlinkSync(outside, join(site, 'current'))
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    const before = releases.active()
    expect(before.source).toEqual({ kind: 'elsewhere', folder: outside })
    await rig.bring({ kind: 'folder', folder: code(join(folder.path, 'new'), { 'api.mjs': 'y' }) })
    await releases.switchTo('r1', { cause: operator })
    await releases.switchTo(before.id, { cause: operator })
    expect(readlinkSync(join(site, 'current'))).toBe(outside)
    await expect(releases.remove(before.id, operator)).rejects.toThrow('does not lie in releases')
  })

  test('what a restore brings back or takes away is seen', async () => {
    using folder = temporaryFolder()
    const site = join(folder.path, 'site')
    await using rig = await openReleaseRig({ site })
    const { releases } = rig
    const id = await rig.bring({ kind: 'folder', folder: code(join(folder.path, 'new'), { 'api.mjs': 'y' }) })
    await releases.switchTo(id, { cause: operator })
    rmSync(join(site, 'releases', id), { recursive: true })
    code(join(site, 'releases'), { 'old/api.mjs': 'z' })
    await releases.refresh()
    expect(releases.active()).toMatchObject({ id, state: 'gone' })
    expect(releases.get('old').state).toBe('ready')
    code(join(site, 'releases', id), { 'api.mjs': 'other' })
    await releases.refresh()
    expect((await releases.verify(id, work())).changed).toEqual(['api.mjs'])
  })
})
