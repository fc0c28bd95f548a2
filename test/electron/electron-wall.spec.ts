import { expect, test } from 'vitest'
import { wayToElectron } from '../../scripts/electron-wall.ts'

const imports = new Map([
  ['headless.ts', ['host.ts', 'electron-log/node']],
  ['host.ts', ['core/a.ts', 'node:fs']],
  ['core/a.ts', ['core/b.ts']],
  ['core/b.ts', ['core/a.ts', 'electron-store']],
  ['index.ts', ['window.ts', 'core/a.ts']],
  ['window.ts', ['electron']],
  ['log.ts', ['electron-log/main']],
])

test('code that only reaches what runs on plain Node passes, cycles and all', () => {
  expect(wayToElectron(['headless.ts', 'core/a.ts'], imports)).toBeUndefined()
})

test('a way to Electron through other modules is found and named', () => {
  const leaky = new Map(imports).set('core/b.ts', ['window.ts'])
  expect(wayToElectron(['headless.ts'], leaky)).toEqual([
    'headless.ts',
    'host.ts',
    'core/a.ts',
    'core/b.ts',
    'window.ts',
    'electron',
  ])
})

test('electron-log counts where it asks for Electron', () => {
  expect(wayToElectron(['log.ts'], imports)).toEqual(['log.ts', 'electron-log/main'])
})
