import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { builtRuntime, type Runtime } from '#core/platform/index.ts'
import { bundle } from './bundle.ts'
import { compileShim } from './fault-disk.ts'

/** What every run of the harness needs once: the shim, the driver, and the store's own programs, built. */
export interface Rig {
  readonly folder: string
  readonly library: string
  readonly driver: string
  readonly runtime: Runtime
}

/** Builds everything into a folder. `driver` is a program beside this file. */
export async function buildRig(folder: string, driver = 'driver.program.ts'): Promise<Rig> {
  const built = join(folder, 'built')
  mkdirSync(built)
  const library = compileShim(built)
  const program = await bundle(join(import.meta.dirname, driver), built)
  return { folder, library, driver: program, runtime: builtRuntime(built, process.execPath) }
}
