import { join } from 'node:path'
import { builtRuntime, type Runtime } from '#core/platform/index.ts'

/** Where the console's programs lie as built from these sources; `build.setup.ts` sees to it before any test runs. */
export const builtPrograms = join(import.meta.dirname, '../../out/main')

/**
 * The console's own programs as they ship. Never their TypeScript sources: Node strips types with WebAssembly, and V8 crashes
 * now and then where several threads of one process load and drop that (docs/decisions.md).
 */
export function testRuntime(node: string = process.execPath): Runtime {
  return builtRuntime(builtPrograms, node)
}
