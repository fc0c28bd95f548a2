import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { zipOf } from '../../../../test/support/zip-writer.ts'
import { compareFiles, manifestName, readManifest } from './manifest.ts'
import { packRelease } from './pack.ts'
import { runPrepare } from './program/prepare-run.ts'
import { releaseLimits } from './releases.ts'

const ports = { progress: () => {}, log: () => {} }

function archive(folder: string, file: string, { site = 'bench', unproven = false } = {}) {
  return runPrepare(
    {
      source: { kind: 'archive', file },
      staging: join(folder, `staging-${readdirSync(folder).length}`),
      site: { id: site, directory: join(folder, 'site') },
      unproven,
      limits: releaseLimits,
    },
    ports,
  )
}

function madeFolder(folder: string): string {
  const source = join(folder, 'new')
  mkdirSync(join(source, 'bin'), { recursive: true })
  mkdirSync(join(source, '.git'))
  writeFileSync(join(source, 'api.mjs'), 'x'.repeat(100_000))
  writeFileSync(join(source, 'bin', 'run'), '#!/bin/sh\n')
  writeFileSync(join(source, '__proto__'), 'a name like any other')
  chmodSync(join(source, 'bin', 'run'), 0o775)
  chmodSync(join(source, 'api.mjs'), 0o640)
  symlinkSync('bin/run', join(source, 'start'))
  return source
}

const packing = { file: null, replace: false, site: 'bench', version: '1.4.2', schema: '7', made: new Date(0) }

test('what was packed comes back as it was, whole and proven, and is the same release as the folder', async () => {
  using folder = temporaryFolder()
  const source = madeFolder(folder.path)
  const packed = await packRelease({ ...packing, folder: source })
  expect(packed).toMatchObject({ file: join(folder.path, 'bench-1.4.2.tar.gz'), files: 4 })
  const brought = await archive(folder.path, packed.file)
  expect(brought).toMatchObject({ proof: 'manifest', version: '1.4.2', schema: '7', digest: packed.digest, files: 4 })
  expect(readFileSync(join(brought.folder, 'start'), 'utf8')).toBe('#!/bin/sh\n')
  const other = await runPrepare(
    {
      source: { kind: 'folder', folder: source },
      staging: join(folder.path, 'other'),
      site: { id: 'bench', directory: join(folder.path, 'site') },
      unproven: false,
      limits: releaseLimits,
    },
    ports,
  )
  expect(other).toMatchObject({ proof: 'computed', digest: packed.digest })
  await expect(packRelease({ ...packing, folder: source })).rejects.toThrow('exists already')
  await expect(packRelease({ ...packing, folder: source, file: join(source, 'x.tar.gz') })).rejects.toThrow(
    'would lie in the folder that is packed',
  )
  await expect(archive(folder.path, packed.file, { site: 'court' })).rejects.toThrow(
    'is for the site "bench", and this site is "court"',
  )
})

test('an archive that is not what its manifest says is refused, each file by name; one without, unless that is said', async () => {
  using folder = temporaryFolder()
  const { file } = await packRelease({ ...packing, folder: madeFolder(folder.path) })
  const { folder: tree } = await archive(folder.path, file)
  const manifest = readFileSync(join(tree, manifestName))
  const zip = join(folder.path, 'r.zip')
  const whole = [
    { name: manifestName, content: manifest },
    { name: 'api.mjs', content: Buffer.from('x'.repeat(100_000)) },
    { name: 'bin/run', content: Buffer.from('#!/bin/sh\n'), mode: 0o100755 },
    { name: '__proto__', content: Buffer.from('a name like any other') },
    { name: 'start', content: Buffer.from('bin/run'), mode: 0o120777 },
  ]
  const [, api] = whole
  const bring = (parts: Parameters<typeof zipOf>[0], unproven = false) => {
    writeFileSync(zip, zipOf(parts))
    return archive(folder.path, zip, { unproven })
  }
  expect((await bring(whole)).proof).toBe('manifest')
  expect((await bring(whole.map((part) => ({ ...part, name: `release/${part.name}` })))).notes).toEqual([
    'Everything lay in the folder release, which was left out of the paths.',
  ])
  const changed = whole.map((part) => (part === api ? { ...part, content: Buffer.from('y'.repeat(100_000)) } : part))
  await expect(bring(changed)).rejects.toThrow('api.mjs is changed')
  await expect(bring(whole.filter((part) => part !== api))).rejects.toThrow('api.mjs is missing')
  await expect(bring([...whole, { name: 'evil.mjs' }])).rejects.toThrow('evil.mjs is not in it')
  const executed = whole.map((part) => (part === api ? { ...part, mode: 0o100755 } : part))
  await expect(bring(executed)).rejects.toThrow('api.mjs is changed')
  await expect(bring(whole.slice(1))).rejects.toThrow(`holds no ${manifestName}`)
  expect((await bring(whole.slice(1), true)).notes.join()).toContain('has no manifest')
  await expect(bring([{ name: manifestName, content: Buffer.from('{') }])).rejects.toThrow('is no JSON')
  await expect(bring([{ name: manifestName, content: Buffer.from('{"wheelhouse":2}') }])).rejects.toThrow(
    'cannot be understood: wheelhouse',
  )
  await expect(bring([{ name: manifestName, content: Buffer.from('x'), mode: 0o120777 }])).rejects.toThrow('is no file')
})

test('what could not be brought is not packed', async () => {
  using folder = temporaryFolder()
  const source = madeFolder(folder.path)
  symlinkSync('/usr/bin/env', join(source, 'env'))
  await expect(packRelease({ ...packing, folder: source })).rejects.toThrow('the link "env" leads to "/usr/bin/env"')
  expect(readdirSync(folder.path)).toEqual(['new'])
})

test('names like __proto__ are names', () => {
  const entry = { sha256: '0'.repeat(64), size: 0, mode: '644' }
  const text = `{"wheelhouse":1,"site":"s","made":"","files":{"__proto__":${JSON.stringify(entry)}}}`
  expect(compareFiles(readManifest(text).files, new Map()).missing).toEqual(['__proto__'])
})
