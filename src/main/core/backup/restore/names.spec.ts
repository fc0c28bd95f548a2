import { expect, test } from 'vitest'
import type { TreeEntry } from '../repository/tree.ts'
import { assertSafeListing } from './names.ts'

function entry(name: string | Buffer): TreeEntry {
  const fields = typeof name === 'string' ? { name } : { name64: name.toString('base64') }
  const rights = { mode: 0o644, uid: 0, gid: 0, user: null, group: null, mtime: '0' }
  return { type: 'link', ...fields, ...rights, target: 'x' }
}

const check = (platform: NodeJS.Platform, ...names: (string | Buffer)[]) =>
  assertSafeListing(names.map(entry), platform)

test.each(['', '.', '..', 'a/b', '/', 'a\0', 'n'.repeat(256)])('the name %j is refused everywhere', (name) => {
  expect(() => check('linux', name)).toThrow('must not be restored')
  expect(() => check('win32', name)).toThrow('must not be restored')
})

test.each(['a\\b', 'C:', 'file:stream', 'CON', 'nul.txt', 'COM1', 'ends with dot.', 'ends with space '])(
  'the name %j is a file on Linux, and refused on Windows',
  (name) => {
    expect(() => check('linux', name)).not.toThrow()
    expect(() => check('win32', name)).toThrow('must not be restored')
  },
)

test('a name that is there twice, also in another writing, is refused', () => {
  expect(() => check('linux', 'a', 'a')).toThrow('twice')
  expect(() => check('linux', 'a', Buffer.from('a'))).toThrow('twice')
  expect(() => check('linux', 'b', 'a')).toThrow('out of order')
  expect(() => check('linux', 'A', 'a', Buffer.from([0xff]))).not.toThrow()
})
