import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { cpuTemperature } from './cpu-temperature.ts'

async function sysfs(folder: string, files: Readonly<Record<string, string>>) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), `${text}\n`)
  }
  return folder
}

test('the package of an Intel processor is taken, not one of its cores nor the disk', async () => {
  using folder = temporaryFolder()
  await sysfs(folder.path, {
    'class/hwmon/hwmon0/name': 'nvme',
    'class/hwmon/hwmon0/temp1_input': '33850',
    'class/hwmon/hwmon1/name': 'coretemp',
    'class/hwmon/hwmon1/temp2_input': '51000',
    'class/hwmon/hwmon1/temp2_label': 'Core 0',
    'class/hwmon/hwmon1/temp1_input': '54000',
    'class/hwmon/hwmon1/temp1_label': 'Package id 0',
  })
  expect(await cpuTemperature(folder.path)).toBe(54)
})

test('of an AMD processor the die counts before what the fans go by', async () => {
  using folder = temporaryFolder()
  await sysfs(folder.path, {
    'class/hwmon/hwmon3/name': 'k10temp',
    'class/hwmon/hwmon3/temp1_input': '72125',
    'class/hwmon/hwmon3/temp1_label': 'Tctl',
    'class/hwmon/hwmon3/temp2_input': '62125',
    'class/hwmon/hwmon3/temp2_label': 'Tdie',
  })
  expect(await cpuTemperature(folder.path)).toBe(62.1)
})

test('a board without a chip for it tells by its thermal zone', async () => {
  using folder = temporaryFolder()
  await sysfs(folder.path, {
    'class/thermal/thermal_zone0/type': 'acpitz',
    'class/thermal/thermal_zone0/temp': '27800',
    'class/thermal/thermal_zone1/type': 'cpu-thermal',
    'class/thermal/thermal_zone1/temp': '48312',
  })
  expect(await cpuTemperature(folder.path)).toBe(48.3)
})

test('a machine without sensors, or with one that is not connected, has no temperature', async () => {
  using folder = temporaryFolder()
  expect(await cpuTemperature(folder.path)).toBeNull()
  await sysfs(folder.path, {
    'class/hwmon/hwmon0/name': 'coretemp',
    'class/hwmon/hwmon0/temp1_input': '-128000',
    'class/thermal/thermal_zone0/type': 'x86_pkg_temp',
    'class/thermal/thermal_zone0/temp': 'broken',
  })
  expect(await cpuTemperature(folder.path)).toBeNull()
})
