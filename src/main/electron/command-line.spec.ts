import { expect, test } from 'vitest'
import { readLaunch } from './command-line.ts'

test.each([
  [['electron', '.', '--site', '/srv/lab'], '/srv/lab'],
  [['electron', '.', '--site=lab', '--no-sandbox'], '/home/op/lab'],
  [['wheelhouse', '--allow-file-access', '--site', '../lab'], '/home/lab'],
  [['wheelhouse'], null],
  [['wheelhouse', '--site'], null],
  [['wheelhouse', '--site='], null],
])('%j asks for the site %s', (argv, site) => {
  expect(readLaunch(argv, '/home/op')).toEqual({ site })
})
