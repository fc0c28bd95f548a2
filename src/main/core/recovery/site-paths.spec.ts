import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { corruptIn, emptied, ownPath } from './site-paths.ts'

const never = new AbortController().signal

function site() {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  const directory = join(folder.path, 'site')
  const write = (path: string, text: string) => {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  write('data/state/api/a.json', '{"a": 1}')
  write('site.yaml', 'wheelhouse: 1')
  mkdirSync(join(folder.path, 'outside'))
  writeFileSync(join(folder.path, 'outside', 'precious.json'), 'precious')
  return { directory, outside: join(folder.path, 'outside'), write, at: (path: string) => join(directory, path) }
}

test('paths that lead out of data, however they are written, are refused and nothing is touched', async () => {
  const { directory, outside, at } = site()
  symlinkSync(outside, at('data/link'))
  symlinkSync(join(outside, 'precious.json'), at('data/state/file.json'))
  symlinkSync(directory, at('data/state/loop'))
  for (const text of [
    '../outside',
    'data/../../outside',
    'data/state/../../site.yaml',
    'data/..',
    'data',
    'data/.',
    'site.yaml',
    '/etc',
    outside,
    '',
    'data/link',
    'data/link/precious.json',
    'data/state/file.json',
    'data/state/loop/site.yaml',
    'data/a\0b',
  ]) {
    await expect(ownPath(directory, text), JSON.stringify(text)).rejects.toMatchObject({
      problem: { code: 'path-escapes' },
    })
  }
  expect(readFileSync(join(outside, 'precious.json'), 'utf8')).toBe('precious')
  expect(await ownPath(directory, 'data/nothing/here')).toBeNull()
})

test('a data folder that is itself a link is not followed', async () => {
  const { outside } = site()
  const other = site()
  const linked = join(other.directory, 'linked')
  mkdirSync(linked)
  symlinkSync(outside, join(linked, 'data'))
  await expect(ownPath(linked, 'data/precious.json')).rejects.toMatchObject({ problem: { code: 'path-escapes' } })
})

test('only JSON that cannot be read is found corrupt: cut short, empty, overwritten with zeroes', async () => {
  const { directory, outside, write, at } = site()
  write('data/state/api/cut.json', '{"a": [1,')
  write('data/state/api/deep/empty.json', '')
  write('data/state/api/zero.json', '\0\0\0\0')
  write('data/state/api/other.txt', '{')
  symlinkSync(join(outside, 'precious.json'), at('data/state/api/linked.json'))
  const own = await ownPath(directory, 'data/state/api')
  const corrupt = own ? await corruptIn(directory, own, never) : []
  expect(corrupt.map(({ shown }) => shown).sort()).toEqual([
    'data/state/api/cut.json',
    'data/state/api/deep/empty.json',
    'data/state/api/zero.json',
  ])
})

test('a cache is emptied; a link in it goes, and what it leads to stays', async () => {
  const { directory, outside, write, at } = site()
  write('data/cache/deep/a', 'x')
  symlinkSync(outside, at('data/cache/link'))
  const own = await ownPath(directory, 'data/cache')
  expect(own && (await emptied(own, never))).toBe(2)
  expect(readdirSync(at('data/cache'))).toEqual([])
  expect(existsSync(join(outside, 'precious.json'))).toBe(true)
})
