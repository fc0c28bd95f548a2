import { realpath } from 'node:fs/promises'
import { releaseFolder } from '#core/config/index.ts'
import type { Runtime } from '#core/platform/index.ts'
import type { FunctionGround } from './function-process.ts'

/** Where the functions of a site lie now, and what runs them. */
export async function functionGround(directory: string, runtime: Runtime): Promise<FunctionGround> {
  const release = await releaseFolder(directory)
  return {
    node: runtime.node,
    program: runtime.program('function'),
    guard: runtime.program('process-guard'),
    // Without links, as the rights of a process go by where a file really lies.
    release: await realpath(release).catch(() => release),
  }
}
