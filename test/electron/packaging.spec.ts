import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { findPlaces } from '../../src/main/electron/places.ts'
import { projectRoot } from './desktop.ts'

const read = () => parse(readFileSync(join(projectRoot, 'electron-builder.yml'), 'utf8'))

test('electron-builder accepts the configuration', async () => {
  const require = createRequire(import.meta.url)
  const { validateConfiguration } = require('app-builder-lib/out/util/config/config.js')
  const { DebugLogger } = require('builder-util')
  await expect(validateConfiguration(read(), new DebugLogger(false))).resolves.toBeUndefined()
})

test('every fuse is set to its safe side', () => {
  expect(read().electronFuses).toEqual({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  })
})

test('what the services’ Node loads lies outside the archive, where the installed app looks for it', () => {
  const places = findPlaces({
    app: '/opt/Wheelhouse/resources/app.asar',
    installedResources: '/opt/Wheelhouse/resources',
    isPackaged: true,
    platform: 'linux',
    folders: { data: '/home/op/.local/share/wheelhouse', runtime: '/run/user/1000/wheelhouse' },
  })
  expect(places.runtime.node).toBe('/opt/Wheelhouse/resources/node/bin/node')
  expect(places.runtime.program('backup')).toBe('/opt/Wheelhouse/resources/app.asar.unpacked/out/main/backup.js')
  expect(places.resources).toBe('/opt/Wheelhouse/resources')
  const { asarUnpack, extraResources } = read()
  expect(asarUnpack).toEqual(
    expect.arrayContaining(['package.json', 'out/main/**', 'out/renderer/**', 'node_modules/**']),
  )
  expect(extraResources).toEqual([
    { from: 'resources/sites', to: 'sites' },
    { from: 'bin', to: 'bin' },
    { from: 'node_modules/node/bin', to: 'node/bin' },
  ])
  for (const { from } of extraResources) expect(existsSync(join(projectRoot, from))).toBe(true)
})

test('there is an icon of every size, and one of its own for every health', () => {
  const icons = join(projectRoot, 'resources', 'icons')
  const widthOf = (name: string) => readFileSync(join(icons, name)).readUInt32BE(16)
  for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) expect(widthOf(`${size}.png`)).toBe(size)
  const trays = ['healthy', 'degraded', 'unhealthy', 'unknown'].map((health) => {
    expect(widthOf(`tray-${health}.png`)).toBe(22)
    expect(widthOf(`tray-${health}@2x.png`)).toBe(44)
    return readFileSync(join(icons, `tray-${health}.png`), 'base64')
  })
  expect(new Set(trays).size).toBe(4)
})
