import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Drivers that measure a processor: Intel, AMD, AMD by another driver, and the boards that only have a thermal zone. */
const processorChips = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal', 'soc_thermal'])

/** The labels that stand for the whole processor, the best first. Tctl is what the fans go by, which may be off by a fixed amount. */
const wholeLabels = [/^tdie$/i, /^package id 0$/i, /^tctl$/i]

const zoneOfProcessor = /x86_pkg_temp|cpu|soc/i

/**
 * Temperature of the processor, degrees Celsius; null where nothing measures it. Reads the kernel's files (Documentation/hwmon/sysfs-interface.rst,
 * Documentation/driver-api/thermal) and starts no program. `root` is where sysfs is mounted.
 */
export async function cpuTemperature(root = '/sys'): Promise<number | null> {
  return (await fromChips(join(root, 'class', 'hwmon'))) ?? (await fromZones(join(root, 'class', 'thermal')))
}

async function fromChips(folder: string): Promise<number | null> {
  for (const chip of await names(folder)) {
    const path = join(folder, chip)
    if (!processorChips.has((await text(join(path, 'name'))) ?? '')) continue
    const inputs = (await names(path)).filter((name) => /^temp\d+_input$/.test(name))
    const sensors = await Promise.all(
      inputs.map(async (input) => ({
        input,
        label: (await text(join(path, input.replace('_input', '_label')))) ?? '',
      })),
    )
    const whole = wholeLabels.flatMap((wanted) => sensors.filter(({ label }) => wanted.test(label)))
    for (const { input } of [...whole, ...sensors]) {
      const degrees = await degreesIn(join(path, input))
      if (degrees !== null) return degrees
    }
  }
  return null
}

async function fromZones(folder: string): Promise<number | null> {
  for (const zone of await names(folder)) {
    if (!zoneOfProcessor.test((await text(join(folder, zone, 'type'))) ?? '')) continue
    const degrees = await degreesIn(join(folder, zone, 'temp'))
    if (degrees !== null) return degrees
  }
  return null
}

/** The kernel tells thousandths. Nothing at or below zero: a sensor that is not connected reads so. */
async function degreesIn(path: string): Promise<number | null> {
  const value = Number((await text(path)) ?? Number.NaN) / 1_000
  return value > 0 && value < 200 ? Math.round(value * 10) / 10 : null
}

async function names(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

async function text(path: string): Promise<string | undefined> {
  return (await readFile(path, 'utf8').catch(() => undefined))?.trim()
}
