import { mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openBackupRig } from '../../../../test/support/backup-rig.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { makeDatabase } from '../../../../test/support/odd-site.ts'

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 7919) % 251))

async function backedUp(folder: string) {
  const site = join(folder, 'site')
  mkdirSync(join(site, 'data', 'many'), { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\n')
  for (let at = 0; at < 1_200; at++)
    writeFileSync(join(site, 'data', 'many', `file-${String(at).padStart(4, '0')}`), `${at}`)
  writeFileSync(Buffer.concat([Buffer.from(join(site, 'data/')), Buffer.from([0x61, 0xff, 0x0a])]), 'odd')
  writeFileSync(join(site, 'data', 'large.bin'), noise(3_000_000))
  symlinkSync('../site.yaml', join(site, 'data', 'link'))
  makeDatabase(join(site, 'data', 'app.db'), 10)
  const rig = await openBackupRig({ site, folder: join(folder, 'backups') })
  return { rig, site, snapshot: await rig.backUp() }
}

describe('looking into a snapshot', () => {
  test('folders are listed in parts, with kinds, sizes and names that nothing can be hidden in', async () => {
    using folder = temporaryFolder()
    const { rig, snapshot } = await backedUp(folder.path)
    await using _ = rig
    const { files } = rig.backups
    const data = await files.list({ snapshot, folder: 'data', from: 0, limit: 100 })
    expect(data.entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'folder many',
      'database app.db',
      'file a\ufffd\ufffd',
      'file large.bin',
      'link link',
    ])
    expect(data.entries.at(-1)?.target).toBe('../site.yaml')
    const odd = data.entries[2]?.path ?? ''
    expect(odd).toBe('data/a\u00ff\n')
    expect(
      Buffer.from((await files.read({ snapshot, path: odd, offset: 0, length: 100 })).base64, 'base64').toString(),
    ).toBe('odd')
    const seen: string[] = []
    for (let total = 1; seen.length < total; ) {
      const page = await files.list({ snapshot, folder: 'data/many', from: seen.length, limit: 500 })
      total = page.total
      seen.push(...page.entries.map(({ name }) => name))
    }
    expect(seen).toHaveLength(1_200)
    expect(new Set(seen).size).toBe(1_200)
    await expect(files.list({ snapshot, folder: 'data/none', from: 0, limit: 10 })).rejects.toThrow(
      'holds no folder data/none',
    )
  })

  test('a piece of a file is just that piece, wherever it lies among the chunks', async () => {
    using folder = temporaryFolder()
    const { rig, snapshot } = await backedUp(folder.path)
    await using _ = rig
    const content = noise(3_000_000)
    for (const [offset, length] of [
      [0, 10],
      [1_048_570, 100],
      [2_999_990, 100],
      [3_000_000, 10],
    ] as const) {
      const piece = await rig.backups.files.read({ snapshot, path: 'data/large.bin', offset, length })
      expect(piece.bytes).toBe(3_000_000)
      expect(Buffer.from(piece.base64, 'base64').equals(content.subarray(offset, offset + length))).toBe(true)
    }
  })

  test('what became of each folder since then, until now and until another snapshot', async () => {
    using folder = temporaryFolder()
    const { rig, site, snapshot } = await backedUp(folder.path)
    await using _ = rig
    const none = await rig.backups.files.changes({ snapshot, folder: '', against: 'now' })
    expect(none).toMatchObject({ added: 0, changed: 0, deleted: 0, entries: [] })
    rmSync(join(site, 'data', 'many', 'file-0000'))
    writeFileSync(join(site, 'data', 'many', 'file-0001'), 'other')
    writeFileSync(join(site, 'data', 'many', 'new'), 'new')
    unlinkSync(join(site, 'data', 'link'))
    mkdirSync(join(site, 'extra'))
    writeFileSync(join(site, 'extra', 'x'), 'x')
    const expected = [
      { path: 'data', what: 'inside', kind: 'folder', added: 1, changed: 1, deleted: 2 },
      { path: 'extra', what: 'added', kind: 'folder', added: 2, changed: 0, deleted: 0 },
    ]
    expect((await rig.backups.files.changes({ snapshot, folder: '', against: 'now' })).entries).toMatchObject(expected)
    expect((await rig.backups.files.changes({ snapshot, folder: 'data', against: 'now' })).entries).toMatchObject([
      { path: 'data/link', what: 'deleted', kind: 'link' },
      { path: 'data/many', what: 'inside', added: 1, changed: 1, deleted: 1 },
    ])
    const later = await rig.backUp()
    expect((await rig.backups.files.changes({ snapshot, folder: '', against: later })).entries).toMatchObject(expected)
    expect(await rig.backups.files.changes({ snapshot, folder: 'data/many', against: later })).toMatchObject({
      added: 1,
      changed: 1,
      deleted: 1,
    })
  })

  test('giving up on a comparison stops it, and the next one is answered', async () => {
    using folder = temporaryFolder()
    const { rig, snapshot } = await backedUp(folder.path)
    await using _ = rig
    const stop = new AbortController()
    const asked = rig.backups.files.changes({ snapshot, folder: '', against: 'now' }, stop.signal)
    stop.abort(new Error('nobody waits any more'))
    await expect(asked).rejects.toThrow('nobody waits any more')
    const again = await rig.backups.files.changes({ snapshot, folder: 'data', against: 'now' })
    expect(again).toMatchObject({ added: 0, changed: 0, deleted: 0 })
  })
})
