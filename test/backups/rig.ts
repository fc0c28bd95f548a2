import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { builtRuntime, type Runtime } from '#core/platform/index.ts'
import { programs } from '#core/platform/programs.ts'
import { bundle } from '../faults/bundle.ts'
import { compileShim } from '../faults/fault-disk.ts'

/** What every run of these harnesses needs once: the driver and the programs that it starts, built. */
export interface Rig {
  readonly folder: string
  readonly driver: string
  readonly runtime: Runtime
  /** The shim of the disk that fails on demand; empty where it was not asked for. */
  readonly library: string
}

const needed = [
  'store-writer',
  'store-reader',
  'backup',
  'backup-crew',
  'database-copy',
  'process-guard',
  'parent-watch',
] as const

export async function buildRig(folder: string, { shim = false }: { readonly shim?: boolean } = {}): Promise<Rig> {
  const built = join(folder, 'built')
  mkdirSync(built, { recursive: true })
  const own = Object.entries(programs).filter(([name]) => needed.some((each) => each === name))
  const driver = await bundle(join(import.meta.dirname, 'driver.program.ts'), built, own)
  const library = shim ? compileShim(built) : ''
  return { folder, driver, library, runtime: builtRuntime(built, process.execPath) }
}
